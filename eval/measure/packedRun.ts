import type { IdTable } from '../../data/task/idTable.js';
import type { Ranking, Run } from './ranking.js';

/** A run that grows query by query. */
export interface PackedRun extends Run {
  /** @param hits  best first; scores are kept as 32-bit floats */
  add(queryId: string, hits: readonly { row: number; score: number }[]): void;
}

/**
 * A run as rows and scores, 8 bytes a document, whose rankings are put together when they are asked for: as objects,
 * thousands of queries with a thousand documents each take gigabytes.
 * @param ids  of the rows
 */
export function packedRun(ids: Pick<IdTable, 'get'>): PackedRun {
  const packed = new Map<string, { rows: Uint32Array; scores: Float32Array }>();
  const run = lazyRun(packed, (queryId) => {
    const { rows, scores } = packed.get(queryId)!;
    return Array.from(rows, (row, index) => ({ id: ids.get(row), score: scores[index]! }));
  });
  return Object.assign(run, {
    add(queryId: string, hits: readonly { row: number; score: number }[]) {
      const rows = Uint32Array.from(hits, ({ row }) => row);
      packed.set(queryId, { rows, scores: Float32Array.from(hits, ({ score }) => score) });
    },
  });
}

/** A run whose rankings are changed as they are asked for. */
export function mapRun(run: Run, change: (ranking: Ranking, queryId: string) => Ranking): Run {
  return {
    get size() {
      return run.size;
    },
    get(queryId) {
      const ranking = run.get(queryId);
      return ranking && change(ranking, queryId);
    },
    *[Symbol.iterator]() {
      for (const [queryId, ranking] of run) yield [queryId, change(ranking, queryId)];
    },
  };
}

/** A run of these queries whose rankings are made as they are asked for. */
export function lazyRun(
  queryIds: ReadonlySet<string> | ReadonlyMap<string, unknown>,
  rankingOf: (queryId: string) => Ranking,
): Run {
  return {
    get size() {
      return queryIds.size;
    },
    get: (queryId) => (queryIds.has(queryId) ? rankingOf(queryId) : undefined),
    *[Symbol.iterator]() {
      for (const queryId of queryIds.keys()) yield [queryId, rankingOf(queryId)];
    },
  };
}
