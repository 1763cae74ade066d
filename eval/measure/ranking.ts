import type { RetrievalTask } from '../../data/task/readTask.js';

/** What one query retrieved, best first. */
export type Ranking = { id: string; score: number }[];

/** Rankings by query id, such as a map of them. What is asked for twice may be made twice. */
export interface Run extends Iterable<[queryId: string, ranking: Ranking]> {
  readonly size: number;
  get(queryId: string): Ranking | undefined;
}

/** Anything that ranks the documents of a task for its queries. */
export interface Retriever {
  /** Names the method for people. */
  name: string;
  /** Changes with all that its scores depend on, apart from the task. */
  identity: string;
  /** Knows a document by its words alone. */
  readsWordsAlone?: true;
  retrieve(task: RetrievalTask, depth: number, onProgress?: (done: number, all: number) => void): Promise<Run>;
}

/**
 * The order in which trec_eval reads a run: by score, highest first, scores held as 32-bit floats, ties by
 * document id, descending. Scores come back rounded to float32.
 * Source: trec_eval 9.0 form_res_rels.c.
 */
export function inTrecOrder<T extends Ranking[number]>(ranking: readonly T[]): T[] {
  return ranking
    .map((document) => ({ ...document, score: Math.fround(document.score) }))
    .sort((one, two) => two.score - one.score || compareBytes(two.id, one.id));
}

/** Negative where the first comes before the second in the order of their UTF-8 bytes. */
export function compareBytes(one: string, two: string): number {
  if (isSurrogateFree(one) && isSurrogateFree(two)) return one < two ? -1 : one > two ? 1 : 0;
  return Buffer.compare(Buffer.from(one), Buffer.from(two));
}

/** UTF-16 units are then in the order of the bytes. */
const isSurrogateFree = (text: string) => !/[\ud800-\udfff]/.test(text);
