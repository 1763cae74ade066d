import { join } from 'node:path';
import { requireWritable } from '../../data/files/makeFolder.js';
import { requireApart } from '../../data/files/requireApart.js';
import { writeBeside } from '../../data/files/writeBeside.js';
import { UserError } from '../../configs/userError.js';
import { madeForTasks, prepareMade } from '../demonstration/madeData.js';
import type { Beside } from '../dense/encodeFile.js';
import { modelFolders } from '../encoder/modelFolders.js';
import { averagesOf, withAverages } from '../score/averages.js';
import { sharedIdsWarning, warningsOf } from '../score/counts.js';
import { noText, withoutText } from '../score/noText.js';
import type { ResultRow } from '../score/reportData.js';
import { embedTask, evaluateRetriever, keepNoText } from '../score/scoreModel.js';
import { taskFolderName } from '../tasks/folderName.js';
import { requireTaskData, type Task } from '../tasks/task.js';
import { isSet, type TaskNode } from '../tasks/taskFile.js';
import { loadTaskList } from '../tasks/taskList.js';
import { openRetriever, resultsPlace, type OpenRetriever, type RetrieverRequest } from './openRetriever.js';

/** Which model to score, on which tasks. */
export interface EvaluateRequest extends RetrieverRequest {
  /** Names in `configs/tasks/`, such as `scifact` or the set `beir`; folders; YAML files like those. */
  tasks: readonly string[];
  /** Holds folders in the layout of BEIR or CoIR, by whose names tasks may be called. */
  tasksDir?: string | undefined;
  /** Instead of each task's own, as `map@1000`; the first is the one that models are compared by. */
  metrics?: readonly string[];
  /** Of folders: leave out the document that has the query's own id. */
  ignoreIdenticalIds?: boolean | undefined;
  /** Folder of the results, instead of the run or `checkpoints/evaluations/`. */
  output?: string | undefined;
  /** Score what was scored already. */
  again?: boolean;
  /** Other processes that call `helpEvaluate` with the same request meanwhile. */
  beside?: Beside | undefined;
  onWarning?: (text: string) => void;
  /** For people: what was made or found, such as results that were there. */
  onNote?: (text: string) => void;
  onProgress?: (task: string, done: number, all: number) => void;
}

/** Scores by task, and where their files lie. */
export interface Evaluated {
  folder: string;
  /** In the order of the tasks, with a row for each averaged set in front of its members. */
  results: Omit<ResultRow, 'perQuery'>[];
}

/**
 * Score one model on tasks: exact search over its embeddings, BM25, or the rankings of a run file. What was scored
 * already is not scored again.
 * @throws UserError when a task or the model cannot be used, or an option has no effect
 */
export async function evaluate(request: EvaluateRequest): Promise<Evaluated> {
  const { nodes, tasks, folder, opened } = await open(request);
  const rows: ResultRow[] = [];
  try {
    await requireWritable(folder);
    request.beside?.start();
    for (const task of tasks) rows.push(await score(task, opened, folder, request));
  } finally {
    await Promise.all([opened.close(), request.beside?.end()]);
  }
  for (const node of nodes) await writeAverages(folder, node, rows);
  const results = withAverages(nodes, rows);
  return { folder, results: results.map(({ perQuery: _, ...row }) => row) };
}

/** The part of a process that another one's `evaluate` started beside it: it encodes what that one ranks by. */
export async function helpEvaluate(request: EvaluateRequest): Promise<void> {
  const { tasks, folder, opened } = await open(request);
  const { dense, contract } = opened;
  if (!dense || !contract) throw new Error(`${request.model} has no texts encoded`);
  for (const task of tasks)
    await embedTask(dense, task, {
      folder: join(folder, taskFolderName(task)),
      contract,
      again: request.again ?? false,
    });
}

async function open(request: EvaluateRequest) {
  const { model, metrics = [], output, onWarning = () => {}, onNote = () => {} } = request;
  const { nodes, tasks } = loadTaskList(listOf(request.tasks), request.tasksDir, {
    ignoreIdenticalIds: request.ignoreIdenticalIds,
    metrics: metrics.length > 0 ? listOf(metrics) : undefined,
    judgementsSuffice: model.startsWith('trec:'),
  });
  if (tasks.length === 0) throw new UserError('--tasks names no task');
  for (const made of madeForTasks(tasks.map(({ name }) => name))) await prepareMade(made, onNote);
  for (const task of tasks) requireTaskData(task);
  if (output !== undefined) await requireApartFromInputs(output, nodes, tasks, request);
  const opened = await openRetriever(request, tasks, onWarning);
  return { nodes, tasks, opened, folder: output ?? resultsPlace(request, opened.retriever) };
}

/** Names may be given as lists with commas. */
const listOf = (texts: readonly string[]) => texts.flatMap((text) => text.split(',')).filter((name) => name !== '');

/** The results of a task are replaced as a whole, and with them all that lies in their folder. */
async function requireApartFromInputs(
  root: string,
  nodes: TaskNode[],
  tasks: Task[],
  { model, base }: EvaluateRequest,
): Promise<void> {
  const places = [...nodes, ...tasks].map((node) => join(root, taskFolderName(node)));
  await requireApart(
    [...new Set(places)].map((path) => ({ option: '--output', path, kind: 'folder' as const })),
    [...modelFolders(model, base), ...tasks.map(({ folder }) => folder)],
  );
}

async function score(
  task: Task,
  { retriever, contract }: OpenRetriever,
  root: string,
  { model, again = false, onWarning = () => {}, onNote = () => {}, onProgress = () => {} }: EvaluateRequest,
): Promise<ResultRow> {
  const folder = join(root, taskFolderName(task));
  const scored = await evaluateRetriever(retriever, task, {
    folder,
    ...(contract && { contract }),
    again,
    onProgress: (done, all) => onProgress(task.name, done, all),
  }).catch(withoutText);
  if (!scored) {
    await keepNoText(folder);
    return { task: task.name, model, metrics: {}, note: noText };
  }
  const { summary, perQuery, isReused, replaced } = scored;
  if (isReused) onNote(`${task.name} was scored ${summary.finished}; --again scores it anew`);
  if (replaced !== undefined)
    onWarning(
      `results of ${replaced} on other data that is also called ${task.name} were replaced; --output keeps both`,
    );
  const shared = task.isFolder ? sharedIdsWarning(task.name, summary.counts, task.ignoreIdenticalIds) : [];
  for (const warning of [...warningsOf(task.name, summary.counts), ...shared]) onWarning(warning);
  return { task: task.name, model, metrics: summary.metrics, perQuery };
}

async function writeAverages(root: string, node: TaskNode, rows: readonly ResultRow[]): Promise<void> {
  for (const average of averagesOf(node, rows))
    await writeBeside(join(root, taskFolderName(node), 'average.json'), `${JSON.stringify(average, null, 2)}\n`);
  if (isSet(node)) for (const member of node.members) await writeAverages(root, member, rows);
}
