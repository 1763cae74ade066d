import { join } from 'node:path';
import type { RunFolder } from '../checkpoints/runFolder.js';
import { bm25Retriever } from '../eval/bm25.js';
import { denseRetriever } from '../eval/denseRetriever.js';
import type { Encoder } from '../eval/encoder.js';
import type { Retriever } from '../eval/ranking.js';
import { evaluateRetriever, taskFolderName } from '../eval/scoreModel.js';
import type { Task } from '../eval/task.js';
import type { ResultRow } from '../eval/reportData.js';
import { removeAdapter } from '../model/lora.js';
import type { Model } from '../model/loadModel.js';

/** Names of the columns that a run's report compares. */
export const modelNames = { tuned: 'tuned', base: 'base', bm25: 'BM25' } as const;

/**
 * Score the tuned model, its base and BM25 on the same tasks. The tuned model's results lie in the run's eval/, those
 * it is compared with in baselines/. The model comes with its adapter and leaves as its base.
 * @param encoder     of that model
 * @param onProgress  told the column, the task and texts done of all
 */
export async function evaluateRun(
  tasks: Task[],
  paths: RunFolder,
  model: Model,
  encoder: Encoder,
  onProgress: (model: string, task: string, done: number, all: number) => void,
): Promise<ResultRow[]> {
  const results: ResultRow[] = [];
  const score = async (name: string, retriever: Retriever, folderOf: (task: string) => string, dense: boolean) => {
    for (const task of tasks) {
      const { summary, perQuery } = await evaluateRetriever(retriever, task, {
        folder: folderOf(taskFolderName(task)),
        ...(dense && { contract: encoder.contract }),
        onProgress: (done, all) => onProgress(name, task.name, done, all),
      });
      results.push({ task: task.name, model: name, metrics: summary.metrics, perQuery });
    }
  };
  const baseline = (name: string) => (task: string) => join(paths.folder, 'baselines', name, task);
  await score(modelNames.tuned, denseRetriever(encoder), paths.evaluation, true);
  removeAdapter(model);
  await score(modelNames.base, denseRetriever({ ...encoder, name: `base of ${encoder.name}` }), baseline('base'), true);
  await score(modelNames.bm25, bm25Retriever(), baseline('bm25'), false);
  const order = tasks.map(({ name }) => name);
  const columns: string[] = [modelNames.base, modelNames.tuned, modelNames.bm25];
  const place = ({ task, model }: ResultRow) => order.indexOf(task) * columns.length + columns.indexOf(model);
  return results.sort((one, two) => place(one) - place(two));
}
