/** Draws one of several outcomes with a single look-up: a cell at random is kept so often, else its other outcome stands. */
export interface AliasTable {
  kept: Float64Array;
  other: Uint8Array;
}

/**
 * The table for outcomes with these chances. Source: Vose, IEEE Transactions on Software Engineering 17, 1991.
 * @param chances  at most 256, with a sum of 1
 */
export function aliasTable(chances: Float64Array): AliasTable {
  const size = chances.length;
  const kept = chances.map((chance) => chance * size);
  const other = Uint8Array.from(chances, (_, index) => index);
  const small: number[] = [];
  const large: number[] = [];
  kept.forEach((height, position) => (height < 1 ? small : large).push(position));
  while (small.length > 0 && large.length > 0) {
    const low = small.pop()!;
    const high = large.at(-1)!;
    other[low] = high;
    kept[high]! -= 1 - kept[low]!;
    if (kept[high]! >= 1) continue;
    large.pop();
    small.push(high);
  }
  // What is left differs from 1 by rounding alone.
  for (const place of [...small, ...large]) kept[place] = 1;
  return { kept, other };
}
