import type { BeirTask } from '../data/beir.js';

/** What one query retrieved, best first. */
export type Ranking = { id: string; score: number }[];

/** Rankings by query id. */
export type Run = Map<string, Ranking>;

/** Anything that ranks the documents of a task for its queries. */
export interface Retriever {
  /** Names the method and all that its scores depend on. */
  name: string;
  retrieve(task: BeirTask, depth: number, onProgress?: (done: number, all: number) => void): Promise<Run>;
}

/**
 * The order in which trec_eval reads a run: by score, highest first, scores held as 32-bit floats, ties by
 * document id, descending. Scores come back rounded to float32.
 * Source: trec_eval 9.0 form_res_rels.c. Ids are compared by UTF-16 units, which is byte order for ASCII.
 */
export function inTrecOrder(ranking: Ranking): Ranking {
  return ranking
    .map(({ id, score }) => ({ id, score: Math.fround(score) }))
    .sort((one, two) => two.score - one.score || (one.id < two.id ? 1 : one.id > two.id ? -1 : 0));
}
