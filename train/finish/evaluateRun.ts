import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFolder } from '../../checkpoints/run/folder.js';
import { bm25Retriever } from '../../eval/bm25/retriever.js';
import { denseRetriever, type DenseOptions, type DenseRetriever } from '../../eval/dense/denseRetriever.js';
import type { Encoder } from '../../eval/encoder/encoder.js';
import { warningsOf } from '../../eval/score/counts.js';
import type { Retriever } from '../../eval/measure/ranking.js';
import { resultsFolder } from '../../eval/score/resultsFolder.js';
import { noText, withoutText } from '../../eval/score/noText.js';
import { copyEvaluation, embedTask, evaluateRetriever, keepNoText } from '../../eval/score/scoreModel.js';
import { taskFolderName } from '../../eval/tasks/folderName.js';
import type { Task } from '../../eval/tasks/task.js';
import type { ResultRow } from '../../eval/score/reportData.js';
import { setAdapterAside } from '../../model/layer/lora.js';
import type { Model } from '../../model/layer/decoder.js';

/** Names of the columns that a run's report compares. */
const modelNames = { tuned: 'tuned', base: 'base', bm25: 'BM25' } as const;

/**
 * Score the tuned model, its base and BM25 on the same tasks. The tuned model's results lie in the run's eval/, copies
 * of those it is compared with in baselines/: these are shared by all runs. What was scored already is not scored again.
 * The model comes and leaves with its adapter, which may go on being trained.
 * @param base        name of the base
 * @param encoder     of that model
 * @param dense       its `warn` is also told what takes meaning from a result, once for models that have it in common
 * @param onProgress  told the column, the task and texts done of all
 */
export async function evaluateRun(
  tasks: Task[],
  paths: RunFolder,
  base: string,
  model: Model,
  encoder: Encoder,
  dense: DenseOptions,
  onProgress: (model: string, task: string, done: number, all: number) => void,
): Promise<ResultRow[]> {
  const results: ResultRow[] = [];
  const warnings = new Map<string, string[]>();
  const score = async (name: string, retriever: Retriever, root: string, isDense: boolean, copies?: string) => {
    for (const task of tasks) {
      const folder = join(root, taskFolderName(task));
      const scored = await evaluateRetriever(retriever, task, {
        folder,
        ...(isDense && { contract: encoder.contract }),
        onProgress: (done, all) => onProgress(name, task.name, done, all),
      }).catch(withoutText);
      if (!scored) {
        results.push({ task: task.name, model: name, metrics: {}, note: noText });
        await keepNoText(folder);
        if (copies !== undefined) await rm(join(copies, taskFolderName(task)), { recursive: true, force: true });
        continue;
      }
      const { summary, perQuery } = scored;
      if (copies !== undefined) await copyEvaluation(folder, join(copies, taskFolderName(task)));
      for (const line of warningsOf(task.name, summary.counts))
        warnings.set(line, [...(warnings.get(line) ?? []), name]);
      results.push({ task: task.name, model: name, metrics: summary.metrics, perQuery });
    }
  };
  await forEachDense(paths, base, model, encoder, dense, (name, retriever, root, copies) =>
    score(name, retriever, root, true, copies),
  );
  const bm25 = bm25Retriever();
  await score(modelNames.bm25, bm25, resultsFolder('bm25', bm25), false, join(paths.folder, baselines, 'bm25'));
  const all = Object.keys(modelNames).length;
  for (const [line, models] of warnings) dense.warn?.(models.length === all ? line : `${line} (${models.join(', ')})`);
  const order = tasks.map(({ name }) => name);
  const columns: string[] = [modelNames.base, modelNames.tuned, modelNames.bm25];
  const place = ({ task, model }: ResultRow) => order.indexOf(task) * columns.length + columns.indexOf(model);
  return results.sort((one, two) => place(one) - place(two));
}

/**
 * Make embeddings that `evaluateRun` asks for in another process of the same run, as far as no other is at them.
 * @param paths  of the run, on the same disk
 */
export async function embedForRun(
  tasks: readonly Task[],
  paths: RunFolder,
  base: string,
  model: Model,
  encoder: Encoder,
  dense: DenseOptions,
): Promise<void> {
  await forEachDense(paths, base, model, encoder, dense, async (_, retriever, root) => {
    for (const task of tasks)
      await embedTask(retriever, task, { folder: join(root, taskFolderName(task)), contract: encoder.contract });
  });
}

/** Within the folder of a run: copies of what others scored too. */
const baselines = 'baselines';

/**
 * Do something with the tuned model, then with its base.
 * @param work  told the column, the folder of the results, and where copies of these go
 */
async function forEachDense(
  paths: RunFolder,
  base: string,
  model: Model,
  encoder: Encoder,
  dense: DenseOptions,
  work: (name: string, retriever: DenseRetriever, root: string, copies?: string) => Promise<void>,
): Promise<void> {
  await work(modelNames.tuned, denseRetriever(encoder, dense), join(paths.folder, 'eval'));
  const putBack = setAdapterAside(model);
  try {
    const ofBase = denseRetriever({ ...encoder, name: `base:${base}` }, dense);
    const root = resultsFolder(`base:${base}`, ofBase);
    await work(modelNames.base, ofBase, root, join(paths.folder, baselines, 'base'));
  } finally {
    putBack();
  }
}
