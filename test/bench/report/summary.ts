/** The middle of some numbers, and their ends. */
export interface Summary {
  median: number;
  least: number;
  most: number;
}

/** @param values  one or more */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((x, y) => x - y);
  if (sorted.length === 0) throw new Error('summarize: no values');
  const upper = sorted[sorted.length >> 1]!;
  const lower = sorted[(sorted.length - 1) >> 1]!;
  return { median: (lower + upper) / 2, least: sorted[0]!, most: sorted.at(-1)! };
}

/**
 * Share of the places that hold padding when texts go through the model in these chunks.
 * @param chunks  lengths of the texts of each chunk, which is padded to its longest
 */
export function paddingShare(chunks: readonly (readonly number[])[]): number {
  const tokens = chunks.flat().reduce((sum, length) => sum + length, 0);
  const places = chunks.reduce((sum, lengths) => sum + lengths.length * Math.max(...lengths), 0);
  return 1 - tokens / places;
}

/** How far the largest of some numbers lies above the smallest, as a share of the smallest. */
export function spread(values: readonly number[]): number {
  const { least, most } = summarize(values);
  return most / least - 1;
}
