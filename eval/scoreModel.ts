import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { contractHash } from '../checkpoints/contractFile.js';
import { stageFile, writeTogether } from '../data/writeBeside.js';
import type { Contract } from '../configs/contract.js';
import { readBeir, type BeirTask } from '../data/beir.js';
import { describeMetric, metricDepth, scoreRun, withoutIdenticalIds, type RunScores } from './metrics.js';
import { perQueryBytes } from './perQuery.js';
import type { Retriever, Run } from './ranking.js';
import { requireTaskData, type Task } from './task.js';
import { requireTrecId, stageTrecRun } from './trecRun.js';

/** What metrics.json holds. */
export interface EvaluationSummary {
  task: string;
  split: string;
  /** Name of the retriever, with all that its scores depend on. */
  model: string;
  /** Hash of the contract under which texts were embedded; null where none were. */
  contract: string | null;
  /** Means over every judged query. */
  metrics: Record<string, number>;
  /** What each metric is. */
  definitions: Record<string, string>;
  counts: { queries: number; documents: number; judgements: number; queriesWithoutResults: number };
  /** SHA-256 of the judgements and the number of documents: equal where two models were judged on the same task. */
  taskHash: string;
  /** Documents kept for each query. */
  depth: number;
  ignoreIdenticalIds: boolean;
  /** Seconds from the first text to the last ranking. */
  seconds: number;
  /** ISO 8601, universal time. */
  finished: string;
}

export interface EvaluationOptions {
  /** Takes metrics.json, per-query.arrow and run.trec; older ones are replaced together. */
  folder: string;
  contract?: Contract;
  onProgress?: (done: number, all: number) => void;
  /** Milliseconds since 1970. */
  clock?: () => number;
}

/**
 * Score a retriever on a task and write the results.
 * @returns the summary that was written and each query's values
 * @throws UserError when the task's data is missing or damaged, or an id cannot stand in a run file
 */
export async function evaluateRetriever(
  retriever: Retriever,
  task: Task,
  { folder, contract, onProgress, clock = Date.now }: EvaluationOptions,
): Promise<{ summary: EvaluationSummary; perQuery: RunScores['perQuery'] }> {
  requireTaskData(task);
  const data = await readBeir(task.folder, task.split);
  for (const { id } of data.corpus) requireTrecId('document', id);
  for (const { id } of data.queries) requireTrecId('query', id);
  const depth = metricDepth(task.metrics);

  const started = clock();
  const found = await retriever.retrieve(data, depth + (task.ignoreIdenticalIds ? 1 : 0), onProgress);
  const finished = clock();

  const run = firstOf(task.ignoreIdenticalIds ? withoutIdenticalIds(found, data.qrels) : found, depth);
  const { mean, perQuery } = scoreRun(run, data.qrels, task.metrics);
  const summary: EvaluationSummary = {
    task: task.name,
    split: task.split,
    model: retriever.name,
    contract: contract ? contractHash(contract) : null,
    metrics: mean,
    definitions: Object.fromEntries(task.metrics.map((name) => [name, describeMetric(name)])),
    counts: countsOf(data, run),
    taskHash: taskHash(data),
    depth,
    ignoreIdenticalIds: task.ignoreIdenticalIds,
    seconds: (finished - started) / 1000,
    finished: new Date(finished).toISOString(),
  };
  await writeTogether([
    () => stageTrecRun(join(folder, 'run.trec'), run, retriever.name),
    () => stageFile(join(folder, 'per-query.arrow'), perQueryBytes(perQuery, task.metrics)),
    () => stageFile(join(folder, 'metrics.json'), `${JSON.stringify(summary, null, 2)}\n`),
  ]);
  return { summary, perQuery };
}

/** A name for the folder of a task's results: a split is set off by a dash. */
export function taskFolderName(task: Pick<Task, 'name'>): string {
  return task.name.replaceAll('/', '-');
}

const firstOf = (run: Run, depth: number): Run =>
  new Map([...run].map(([queryId, ranking]) => [queryId, ranking.slice(0, depth)]));

function countsOf({ corpus, qrels }: BeirTask, run: Run): EvaluationSummary['counts'] {
  let judgements = 0;
  let queriesWithoutResults = 0;
  for (const [queryId, grades] of qrels) {
    judgements += grades.size;
    if ((run.get(queryId) ?? []).length === 0) queriesWithoutResults++;
  }
  return { queries: qrels.size, documents: corpus.length, judgements, queriesWithoutResults };
}

function taskHash({ corpus, qrels }: BeirTask): string {
  const lines = [...qrels].flatMap(([query, grades]) =>
    [...grades].map(([document, grade]) => `${query}\t${document}\t${grade}`),
  );
  return createHash('sha256')
    .update(`${corpus.length}\n${lines.sort().join('\n')}`)
    .digest('hex');
}
