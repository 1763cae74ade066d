/**
 * How often each passage of a pool stands among the candidates of each query: as often as in the pool, but for few. A
 * table of queries x passages would outgrow everything else in large pools.
 */
export interface CandidateCounts {
  /** Of each passage, how often it stands in the pool. */
  times: Int32Array;
  /** Of each query, the passages that it has less often among its candidates, with how often; 0 leaves one out. */
  fewer: ReadonlyMap<number, number>[];
}

/** Every passage once among the candidates of every query. */
export function onceEach(queries: number, passages: number): CandidateCounts {
  return { times: new Int32Array(passages).fill(1), fewer: Array.from({ length: queries }, () => new Map()) };
}

/** @param table  of each query, how often it has each passage */
export function countsOf(table: readonly (readonly number[])[]): CandidateCounts {
  const times = Int32Array.from(table[0]!, (_, passage) => Math.max(...table.map((row) => row[passage]!)));
  const fewer = table.map((row) => new Map([...row.entries()].filter(([passage, count]) => count < times[passage]!)));
  return { times, fewer };
}

/** How often the query has the passage among its candidates. */
export const countOf = ({ times, fewer }: CandidateCounts, query: number, passage: number): number =>
  fewer[query]!.get(passage) ?? times[passage]!;
