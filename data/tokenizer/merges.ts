import { mergeSlot, type TokenizerTables } from './tables.js';

/**
 * Byte-pair encoding of one word: while any two neighbours can merge, the pair of lowest rank does, the leftmost first.
 * Source: Sennrich et al. 2016 (arXiv 1508.07909); `Word::merge_all` of Hugging Face tokenizers gives the same ids.
 * @param word  one id a byte, UTF-8; overwritten
 * @returns     how many ids at the beginning of `word` are the result
 */
export function mergeWord(tables: TokenizerTables, word: Int32Array): number {
  return word.length <= SHORT ? mergeShort(tables, word) : mergeLong(tables, word);
}

/** Up to this many bytes looking at all pairs again after each merge is faster than a heap. */
const SHORT = 32;
const NONE = 0x7fffffff;

function rankOf({ merges }: TokenizerTables, left: number, right: number): number {
  const slots = merges.length / 3;
  for (let slot = mergeSlot(left, right, slots); ; slot = (slot + 1) & (slots - 1)) {
    const found = merges[slot * 3]!;
    if (found === -1) return NONE;
    if (found === left && merges[slot * 3 + 1] === right) return merges[slot * 3 + 2]!;
  }
}

const ranks = new Int32Array(SHORT);

function mergeShort(tables: TokenizerTables, word: Int32Array): number {
  let length = word.length;
  for (let at = 0; at + 1 < length; at++) ranks[at] = rankOf(tables, word[at]!, word[at + 1]!);
  for (;;) {
    let best = NONE;
    let place = -1;
    for (let at = 0; at + 1 < length; at++)
      if (ranks[at]! < best) {
        best = ranks[at]!;
        place = at;
      }
    if (place === -1) return length;
    word[place] = tables.merged[best]!;
    word.copyWithin(place + 1, place + 2, length);
    ranks.copyWithin(place, place + 1, length - 1);
    length--;
    if (place > 0) ranks[place - 1] = rankOf(tables, word[place - 1]!, word[place]!);
    if (place + 1 < length) ranks[place] = rankOf(tables, word[place]!, word[place + 1]!);
  }
}

/** With a heap of pairs over a linked list, for a word of any length. Entries of pairs that are gone are skipped. */
function mergeLong(tables: TokenizerTables, word: Int32Array): number {
  const size = word.length;
  const next = Int32Array.from(word, (_, at) => at + 1);
  const previous = Int32Array.from(word, (_, at) => at - 1);
  const heap = pairHeap();
  const offer = (left: number, right: number) => {
    if (left < 0 || right >= size) return;
    const rank = rankOf(tables, word[left]!, word[right]!);
    if (rank !== NONE) heap.push(rank, left);
  };
  for (let at = 0; at + 1 < size; at++) offer(at, at + 1);
  for (let top = heap.pop(); top !== null; top = heap.pop()) {
    const { rank, left } = top;
    const right = next[left]!;
    if (word[left] === -1 || right >= size || rankOf(tables, word[left]!, word[right]!) !== rank) continue;
    word[left] = tables.merged[rank]!;
    word[right] = -1;
    next[left] = next[right]!;
    if (next[right]! < size) previous[next[right]!] = left;
    offer(previous[left]!, left);
    offer(left, next[left]);
  }
  let length = 0;
  for (let at = 0; at < size; at = next[at]!) word[length++] = word[at]!;
  return length;
}

/** A binary heap of pairs, the lowest rank first and among equals the leftmost: one number each, rank above place. */
function pairHeap() {
  const PLACES = 2 ** 31;
  const keys: number[] = [];
  return {
    push(rank: number, left: number): void {
      const key = rank * PLACES + left;
      let at = keys.push(key) - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (keys[parent]! <= key) break;
        keys[at] = keys[parent]!;
        at = parent;
      }
      keys[at] = key;
    },
    pop(): { rank: number; left: number } | null {
      const top = keys[0];
      if (top === undefined) return null;
      const last = keys.pop()!;
      for (let at = 0; keys.length > 0;) {
        let child = 2 * at + 1;
        if (child + 1 < keys.length && keys[child + 1]! < keys[child]!) child++;
        if (child >= keys.length || keys[child]! >= last) {
          keys[at] = last;
          break;
        }
        keys[at] = keys[child]!;
        at = child;
      }
      return { rank: Math.floor(top / PLACES), left: top % PLACES };
    },
  };
}
