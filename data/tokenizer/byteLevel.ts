import { mergeWord } from './merges.js';
import { wordSlot, type TokenizerTables } from './tables.js';
import { wordEnds } from './words.js';

/** Text to ids and back: all that preparing texts under a contract asks of a tokenizer. */
export interface TokenEncoder {
  /**
   * Ids of the text alone: no beginning, no end is added.
   * @param limit  no more ids than this are wanted
   */
  encode(text: string, limit?: number): number[];
  /** The text that ids stand for; bytes that are not UTF-8 become U+FFFD. */
  decode(ids: readonly number[]): string;
}

/**
 * Byte-level BPE over tables: the ids that Python's tokenizers give, some ten times as fast as transformers.js.
 * Holds a cache of words, so one encoder serves many texts.
 */
export function byteLevelEncoder(tables: TokenizerTables): TokenEncoder {
  const cache = wordCache();
  const wordEnd = wordEnds[tables.form];
  const added = addedTokens(tables);

  const encodeWord = (word: string): WordIds => {
    const cached = cache.get(word);
    if (cached !== undefined) return cached;
    const bytes = utf8.encode(word);
    const result = wholeWord(tables, bytes) ?? merge(bytes);
    cache.set(word, result);
    return result;
  };
  const merge = (bytes: Uint8Array): WordIds => {
    const ids = Int32Array.from(bytes, (byte) => tables.byteIds[byte]!).filter((id) => id >= 0);
    const length = mergeWord(tables, ids);
    return length === 1 ? ids[0]! : ids.slice(0, length);
  };
  const encodeSection = (section: string, ids: number[], limit: number) => {
    const text = tables.composes && MAY_COMPOSE.test(section) ? section.normalize('NFC') : section;
    for (let start = 0; start < text.length && ids.length < limit;) {
      const end = wordEnd(text, start);
      const word = encodeWord(text.slice(start, end));
      if (typeof word === 'number') ids.push(word);
      else for (let at = 0; at < word.length; at++) ids.push(word[at]!);
      start = end;
    }
  };

  return {
    encode(text, limit = Infinity) {
      const ids: number[] = [];
      let start = 0;
      if (added !== null) {
        added.pattern.lastIndex = 0;
        for (let match = added.pattern.exec(text); match !== null; match = added.pattern.exec(text)) {
          encodeSection(text.slice(start, match.index), ids, limit);
          if (ids.length >= limit) break;
          ids.push(added.ids.get(match[0])!);
          start = match.index + match[0].length;
        }
      }
      if (ids.length < limit) encodeSection(start === 0 ? text : text.slice(start), ids, limit);
      if (ids.length > limit) ids.length = limit;
      return ids;
    },
    decode(ids) {
      const { tokenBytes, tokenStarts } = tables;
      // A copy: the decoder takes no shared memory.
      const parts = ids.map((id) => Buffer.from(tokenBytes.slice(tokenStarts[id], tokenStarts[id + 1])));
      return fromUtf8.decode(Buffer.concat(parts));
    },
  };
}

/** One id, or the ids of a word of several tokens. */
type WordIds = number | Int32Array;

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The id of the token of these bytes, where the tokenizer takes such words as they are. */
function wholeWord({ whole, tokenBytes, tokenStarts }: TokenizerTables, bytes: Uint8Array): number | undefined {
  if (whole === null) return undefined;
  for (let slot = wordSlot(bytes, whole.length); ; slot = (slot + 1) & (whole.length - 1)) {
    const id = whole[slot]!;
    if (id === -1) return undefined;
    const start = tokenStarts[id]!;
    if (tokenStarts[id + 1]! - start !== bytes.length) continue;
    let at = 0;
    while (at < bytes.length && tokenBytes[start + at] === bytes[at]) at++;
    if (at === bytes.length) return id;
  }
}

/** Below U+0300 nothing composes and nothing is composed otherwise. */
const MAY_COMPOSE = /[\u0300-\uffff]/;

/** Finds added tokens as Python's tokenizers do: the leftmost first, of several there the longest. */
function addedTokens({ added }: TokenizerTables): { pattern: RegExp; ids: Map<string, number> } | null {
  if (added.length === 0) return null;
  const longestFirst = added.map(([content]) => content).sort((one, other) => other.length - one.length);
  const escaped = longestFirst.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return { pattern: new RegExp(escaped.join('|'), 'g'), ids: new Map(added) };
}

/** Words of a corpus that were met lately. Longer ones hardly ever come again. */
const CACHED_LENGTH = 48;
const CACHED_WORDS = 100_000;

/** Bounded by two generations: what is not asked for while the younger one fills is forgotten. */
function wordCache() {
  let young = new Map<string, WordIds>();
  let old = new Map<string, WordIds>();
  const add = (word: string, ids: WordIds) => {
    if (young.size >= CACHED_WORDS) [old, young] = [young, new Map<string, WordIds>()];
    young.set(word, ids);
  };
  return {
    get(word: string): WordIds | undefined {
      const ids = young.get(word);
      if (ids !== undefined) return ids;
      const kept = old.get(word);
      if (kept !== undefined) add(word, kept);
      return kept;
    },
    set(word: string, ids: WordIds): void {
      // A slice would keep the whole text that it was cut from.
      if (word.length <= CACHED_LENGTH) add(Buffer.from(word, 'utf16le').toString('utf16le'), ids);
    },
  };
}
