/** A pair of neighbouring tokens and how often it stands in the words, each word counted as often as it occurs. */
export interface TokenPair {
  left: number;
  right: number;
  count: number;
}

/** Above every token id, and its square stays an exact number. */
const ID_LIMIT = 2 ** 21;

/**
 * The pairs of a set of words, most frequent first, kept right while pairs are merged.
 * Only the words that hold a merged pair are touched. The heap is lazy: an entry whose count is out of date is put
 * back with its new count when it comes up, and every pair that gains is pushed again.
 */
export class PairQueue {
  private readonly counts = new Map<number, number>();
  private readonly places = new Map<number, Set<number>>();
  private readonly heap: TokenPair[] = [];

  /** @param words  changed in place by `merge` */
  constructor(private readonly words: { ids: number[]; count: number }[]) {
    words.forEach((word, index) => this.addWord(word, index, 1));
    for (const key of this.counts.keys()) this.push(key);
  }

  /** The most frequent pair; of equals the one with the smaller left, then right id. Null where none is left. */
  takeMostFrequent(): TokenPair | null {
    for (let top = this.pop(); top !== undefined; top = this.pop()) {
      const count = this.counts.get(top.left * ID_LIMIT + top.right) ?? 0;
      if (count === top.count) return top;
      if (count > 0 && count < top.count) this.push(top.left * ID_LIMIT + top.right);
    }
    return null;
  }

  /** Writes `merged` for the pair, left to right, wherever it stands. */
  merge({ left, right }: TokenPair, merged: number): void {
    const touched = new Set<number>();
    for (const index of this.places.get(left * ID_LIMIT + right) ?? []) {
      const word = this.words[index] as { ids: number[]; count: number };
      this.addWord(word, index, -1);
      word.ids = replacePair(word.ids, left, right, merged);
      this.addWord(word, index, 1, touched, merged);
    }
    this.places.delete(left * ID_LIMIT + right);
    for (const key of touched) this.push(key);
  }

  /** Adds (sign 1) or takes away (sign -1) what a word contributes; pairs with `fresh` in them are noted in `touched`. */
  private addWord(
    { ids, count }: { ids: number[]; count: number },
    index: number,
    sign: 1 | -1,
    touched?: Set<number>,
    fresh?: number,
  ): void {
    for (let position = 0; position + 1 < ids.length; position++) {
      const left = ids[position] as number;
      const right = ids[position + 1] as number;
      const key = left * ID_LIMIT + right;
      this.counts.set(key, (this.counts.get(key) ?? 0) + sign * count);
      if (sign < 0) continue;
      const places = this.places.get(key);
      if (places === undefined) this.places.set(key, new Set([index]));
      else places.add(index);
      if (left === fresh || right === fresh) touched?.add(key);
    }
  }

  private push(key: number): void {
    const count = this.counts.get(key) ?? 0;
    if (count <= 0) return;
    const { heap } = this;
    heap.push({ left: Math.floor(key / ID_LIMIT), right: key % ID_LIMIT, count });
    let child = heap.length - 1;
    while (child > 0) {
      const above = (child - 1) >> 1;
      if (!comesBefore(heap[child] as TokenPair, heap[above] as TokenPair)) break;
      [heap[child], heap[above]] = [heap[above] as TokenPair, heap[child] as TokenPair];
      child = above;
    }
  }

  private pop(): TokenPair | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    heap[0] = last;
    let above = 0;
    for (;;) {
      let first = above;
      for (const child of [2 * above + 1, 2 * above + 2]) {
        if (child < heap.length && comesBefore(heap[child] as TokenPair, heap[first] as TokenPair)) first = child;
      }
      if (first === above) return top;
      [heap[first], heap[above]] = [heap[above] as TokenPair, heap[first] as TokenPair];
      above = first;
    }
  }
}

/** Whether `one` is to be merged sooner. */
function comesBefore(one: TokenPair, other: TokenPair): boolean {
  return (one.count - other.count || other.left - one.left || other.right - one.right) > 0;
}

function replacePair(ids: number[], left: number, right: number, merged: number): number[] {
  const replaced: number[] = [];
  for (let position = 0; position < ids.length; position++) {
    if (ids[position] === left && ids[position + 1] === right) {
      replaced.push(merged);
      position++;
    } else replaced.push(ids[position] as number);
  }
  return replaced;
}
