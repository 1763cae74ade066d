import { onceEach } from '../../../data/stream/candidateCounts.js';
import { UserError } from '../../../configs/userError.js';
import type { PoolTokens } from '../../../train/step/poolGradient.js';

/** How many texts a pool has. */
export interface PoolSize {
  queries: number;
  passagesPerQuery: number;
}

/** A pool as it is handed to another process: `passagesPerQuery` passages for each query, its positive first. */
export interface PoolFile extends PoolSize {
  queryTokens: number[][];
  passageTokens: number[][];
}

/** @param text  such as `8x64`: 8 queries with 64 passages each. @throws UserError for anything else */
export function parsePool(text: string): PoolSize {
  const [, queries, passagesPerQuery] = /^([1-9]\d*)x([1-9]\d*)$/.exec(text) ?? [];
  if (!queries || !passagesPerQuery)
    throw new UserError(`--pool must be queries x passages of each, such as 8x64; got ${text}`);
  return { queries: Number(queries), passagesPerQuery: Number(passagesPerQuery) };
}

export const poolName = ({ queries, passagesPerQuery }: PoolSize) => `${queries}x${passagesPerQuery}`;

/** The pool as training takes it: every passage is a candidate of every query. */
export function poolTokens({ queries, passagesPerQuery, queryTokens, passageTokens }: PoolFile): PoolTokens {
  return {
    queries: queryTokens.map((ids) => Int32Array.from(ids)),
    passages: passageTokens.map((ids) => Int32Array.from(ids)),
    targets: Array.from({ length: queries }, (_, query) => query * passagesPerQuery),
    counts: onceEach(queries, passageTokens.length),
  };
}
