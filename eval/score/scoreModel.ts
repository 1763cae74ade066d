import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { contractHash } from '../../checkpoints/contract/contractFile.js';
import { replaceFolder } from '../../data/files/writeFolder.js';
import { stageFile, writeBeside, writeTogether } from '../../data/files/writeBeside.js';
import type { Contract } from '../../configs/contract.js';
import { judgementsAlone, readTask, taskHash } from '../../data/task/readTask.js';
import type { DenseRetriever } from '../dense/denseRetriever.js';
import { describeMetric, metricDepth, scoreRun } from '../measure/metrics.js';
import { perQueryBytes, readPerQuery, type PerQuery } from '../measure/perQuery.js';
import type { Retriever } from '../measure/ranking.js';
import { identityOfName, type TaskIdentity } from '../tasks/identity.js';
import { requireTaskData, type Task } from '../tasks/task.js';
import { countsOf, type Counts } from './counts.js';
import { judgedOn, type JudgedOn } from './judgedOn.js';
import { noText, noTextFile, requireText } from './noText.js';
import { rankTask } from './rankTask.js';
import { requireTrecId, stageTrecRun } from './trecRun.js';

/** What metrics.json holds. */
export interface EvaluationSummary {
  task: string;
  /** Which task that is, whatever it is called; results of older versions lack it. */
  taskIdentity?: TaskIdentity;
  split: string;
  /** Name of the retriever, with all that its scores depend on. */
  model: string;
  /** Changes with all that the retriever's scores depend on: contract, weights, adapter; analysis, k1, b, fields. */
  identity: string;
  /** Hash of the contract under which texts were embedded; null where none were. */
  contract: string | null;
  /** Means over every judged query. */
  metrics: Record<string, number>;
  /** What each metric is. */
  definitions: Record<string, string>;
  /** What holds for all metrics: ties, queries without results, own documents, titles. */
  rules: string[];
  counts: Counts;
  /** Hash of corpus, queries and judgements: equal where two models were judged on the same task. */
  taskHash: string;
  /** Of that and the rules: scores may be set beside each other where it is the same. */
  judgedOn?: string;
  /** Documents kept for each query. */
  depth: number;
  ignoreIdenticalIds: boolean;
  titles: Task['titles'];
  /** Seconds from the first text to the last ranking. */
  seconds: number;
  /** ISO 8601, universal time. */
  finished: string;
}

export interface EvaluationOptions {
  /** Takes metrics.json, per-query.arrow and run.trec; older ones are replaced together. */
  folder: string;
  contract?: Contract | undefined;
  /** Score again what was scored already. */
  again?: boolean | undefined;
  onProgress?: (done: number, all: number) => void;
  /** Milliseconds since 1970. */
  clock?: () => number;
}

/** A score, and whether it was there already. */
export interface Evaluation {
  summary: EvaluationSummary;
  perQuery: PerQuery;
  isReused: boolean;
  /** When results were finished that these replace though they are of other data under the same name. */
  replaced?: string | undefined;
}

/**
 * Score a retriever on a task and write the results. Results that are there already of the same retriever on the same
 * task are taken as they are.
 * @returns the summary that was written and each query's values
 * @throws UserError when the task's data is missing or damaged, or an id cannot stand in a run file; NoText when words are
 *   asked for and the task has none
 */
export async function evaluateRetriever(
  retriever: Retriever,
  task: Task,
  { folder, contract, again, onProgress, clock = Date.now }: EvaluationOptions,
): Promise<Evaluation> {
  const { data, asked, older } = await lookAt(retriever, task, { folder, contract, again });
  if (older) return { ...older, isReused: true };
  const replaced = await finishedOnOtherData(folder, asked);
  for (const { id } of data.queries) requireTrecId('query', id);
  for (let row = 0; row < data.corpus.ids.size; row++) requireTrecId('document', data.corpus.ids.get(row));

  const started = clock();
  const run = await rankTask(retriever, task, data, onProgress);
  const finished = clock();

  const { mean, perQuery } = scoreRun(run, data.qrels, task.metrics);
  const summary: EvaluationSummary = {
    ...asked,
    taskIdentity: task.identity,
    judgedOn: judgedOn(asked),
    metrics: mean,
    counts: countsOf(data, run),
    seconds: (finished - started) / 1000,
    finished: new Date(finished).toISOString(),
  };
  await writeTogether([
    () => stageTrecRun(join(folder, runFile), run, retriever.name),
    () => stageFile(join(folder, perQueryFile), perQueryBytes(perQuery, task.metrics)),
    () => stageFile(join(folder, metricsFile), `${JSON.stringify(summary, null, 2)}\n`),
  ]);
  await rm(join(folder, noTextFile), { force: true });
  return { summary, perQuery, isReused: false, replaced };
}

/**
 * Make embeddings that scoring this task beside this process will ask for; none where it was scored already.
 * @param options  as of `evaluateRetriever` there
 */
export async function embedTask(
  retriever: DenseRetriever,
  task: Task,
  options: Pick<EvaluationOptions, 'folder' | 'contract' | 'again'>,
): Promise<void> {
  const { data, older } = await lookAt(retriever, task, options);
  if (!older) await retriever.embed(data);
}

/** A task's data, what is asked of it, and results of just that where they are there. */
async function lookAt(
  retriever: Retriever,
  task: Task,
  { folder, contract, again = false }: Pick<EvaluationOptions, 'folder' | 'contract' | 'again'>,
) {
  requireTaskData(task);
  const data = task.judgements ? await judgementsAlone(task.judgements) : await readTask(task.folder, task.split, task);
  if (retriever.readsWordsAlone) requireText(task.name, retriever.name, data);
  const asked = {
    task: task.name,
    split: task.split,
    model: retriever.name,
    identity: retriever.identity,
    contract: contract ? contractHash(contract) : null,
    taskHash: taskHash(data),
    depth: metricDepth(task.metrics),
    ignoreIdenticalIds: task.ignoreIdenticalIds,
    titles: task.titles,
    definitions: Object.fromEntries(task.metrics.map((name) => [name, describeMetric(name)])),
    rules: rulesOf(task),
  };
  return { data, asked, older: again ? undefined : await readEvaluation(folder, asked) };
}

/** Which task results are of. */
export const taskOf = ({ taskIdentity, task, split, titles }: EvaluationSummary): TaskIdentity =>
  taskIdentity ?? identityOfName(task, { split, titles });

/** Copy a task's results to another folder, in the place of older ones there. */
export async function copyEvaluation(from: string, to: string): Promise<void> {
  if (resolve(from) === resolve(to)) return;
  await replaceFolder(to, /^(run\.trec|per-query\.arrow|metrics\.json)$/, async (partial) => {
    await mkdir(partial, { recursive: true });
    for (const file of scoreFiles) await copyFile(join(from, file), join(partial, file));
  });
}

/** Keep for those who wait for it that a task has no score, and none of the time when it had words. */
export async function keepNoText(folder: string): Promise<void> {
  await writeBeside(join(folder, noTextFile), `${JSON.stringify({ note: noText })}\n`);
  for (const file of scoreFiles) await rm(join(folder, file), { force: true });
}

export const metricsFile = 'metrics.json';
const perQueryFile = 'per-query.arrow';
const runFile = 'run.trec';
const scoreFiles = [runFile, perQueryFile, metricsFile];

/** Results in a folder, if they are those of the same retriever, task and metrics; undefined where not, or damaged. */
async function readEvaluation(
  folder: string,
  asked: Partial<EvaluationSummary>,
): Promise<Omit<Evaluation, 'isReused'> | undefined> {
  if (!scoreFiles.every((file) => existsSync(join(folder, file)))) return undefined;
  try {
    const summary = JSON.parse(await readFile(join(folder, metricsFile), 'utf8')) as EvaluationSummary;
    const isSame = ([field, value]: [string, unknown]) =>
      JSON.stringify(summary[field as keyof EvaluationSummary]) === JSON.stringify(value);
    // The name may change, as with a run that was renamed: what decides the scores stands in the identity.
    const { model: _, ...deciding } = asked;
    if (!Object.entries(deciding).every(isSame)) return undefined;
    return { summary, perQuery: await readPerQuery(join(folder, perQueryFile)) };
  } catch {
    return undefined; // scored again, and written anew
  }
}

async function finishedOnOtherData(folder: string, asked: JudgedOn): Promise<string | undefined> {
  try {
    const summary = JSON.parse(await readFile(join(folder, metricsFile), 'utf8')) as EvaluationSummary;
    return judgedOn(summary) === judgedOn(asked) ? undefined : summary.finished;
  } catch {
    return undefined; // none there, or damaged
  }
}

function rulesOf({ ignoreIdenticalIds, titles, images, language, judgements }: Task): string[] {
  return [
    'equal scores: the higher document id first, as trec_eval orders them',
    'queries without results count 0 (trec_eval -c)',
    ignoreIdenticalIds
      ? "the document with the query's own id is left out, judged or not, as BEIR does"
      : "the document with the query's own id is kept",
    titles === 'use' ? 'titles are searched' : 'titles are left out',
    ...(images === 'ignore' ? ['images are left out'] : []),
    ...(language === undefined ? [] : [`queries in ${language} alone`]),
    ...(judgements ? ['the corpus was not there: whether it holds the documents ranked is not known'] : []),
  ];
}
