/** Texts that go through the model together: places in the caller's list, and the length they are padded to. */
export interface Chunk {
  rows: number[];
  time: number;
}

/**
 * Cut texts into chunks of a token budget, longest first, so that texts of like length share a chunk and little is
 * spent on padding. The longest chunk comes first so that a run that does not fit into memory fails at once.
 * @param lengths  tokens of each text, none 0
 * @param budget   tokens of a chunk, padding included; a text longer than it gets a chunk of its own
 */
export function cutChunks(lengths: readonly number[], budget: number): Chunk[] {
  const order = [...lengths.keys()].sort((x, y) => lengths[y]! - lengths[x]! || x - y);
  const chunks: Chunk[] = [];
  let current: Chunk | undefined;
  for (const row of order) {
    const time = current?.time ?? 0;
    if (current && (current.rows.length + 1) * time <= budget) current.rows.push(row);
    else chunks.push((current = { rows: [row], time: lengths[row]! }));
  }
  return chunks;
}
