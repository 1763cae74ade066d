import type { Passage } from '../example/example.js';

/** The three kinds of text that the demonstration trains and judges on. */
export const DOMAINS = ['general', 'code', 'maths'] as const;
export type Domain = (typeof DOMAINS)[number];

/** A query and the passage that answers it, as taken from a package. */
export interface SourcePair {
  id: string;
  query: string;
  passage: Passage;
  /** Pairs that share a group are variants of one thing: they always fall on the same side of the split. */
  groups: string[];
  /** Pairs that share a relation are told apart only with care: the good distractors of each other. */
  relations: string[];
}

/** What one domain offers. */
export interface DomainSource {
  pairs: SourcePair[];
  /** Plain text for language-model training, without the sentences that `leaveOut` names. */
  documents(leaveOut: (sentence: string) => boolean): string[];
}

/** The number of words, a word being a run between blanks. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}

/** The text up to the last line end (or blank) before `length` characters, whole where it is no longer. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = text.slice(0, length + 1);
  const end = head.lastIndexOf('\n') > 0 ? head.lastIndexOf('\n') : head.lastIndexOf(' ');
  return text.slice(0, end > 0 ? end : length).trimEnd();
}

/** The first sentence of a paragraph, its full stop left out. */
export function firstSentence(paragraph: string): string {
  const text = paragraph.replace(/\s+/g, ' ').trim();
  for (const match of text.matchAll(/[.!?](?= |$)/g)) {
    const before = text.slice(0, match.index);
    if (!/\b(?:e\.g|i\.e|etc|vs|cf|resp|approx)$/i.test(before)) return before.trim();
  }
  return text.replace(/[:;]$/, '').trim();
}
