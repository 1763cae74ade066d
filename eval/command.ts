import { join } from 'node:path';
import { runCommand, type Command } from '../configs/cli/cli.js';
import { progressBar } from '../configs/cli/progress.js';
import { precisions, type Precision } from '../configs/contract.js';
import { UserError } from '../configs/userError.js';
import { runFolder, runsRoot } from '../checkpoints/run/folder.js';
import { requireWritable } from '../data/files/makeFolder.js';
import { requireApart } from '../data/files/requireApart.js';
import { writeBeside } from '../data/files/writeBeside.js';
import { helpersBeside, type Helpers } from '../model/ranks/helpers.js';
import { launchedPlace } from '../model/ranks/launchedPlace.js';
import { withoutRanks } from '../model/ranks/launchRanks.js';
import { averagesOf, withAverages } from './score/averages.js';
import { bm25Defaults } from './bm25/index.js';
import { bm25Retriever } from './bm25/retriever.js';
import type { FieldChoice } from './bm25/store.js';
import { prepareDemonstration } from './demonstration.js';
import { defaultCacheBytes, denseRetriever, type DenseRetriever } from './dense/denseRetriever.js';
import { modelFolders } from './encoder/modelFolders.js';
import { openEncoder, type OpenEncoder } from './encoder/openEncoder.js';
import type { Retriever } from './measure/ranking.js';
import type { ResultRow } from './score/reportData.js';
import { resultsFolder } from './score/resultsFolder.js';
import { resultTable } from './report/run/resultTable.js';
import { sharedIdsWarning, warningsOf } from './score/counts.js';
import { embedTask, evaluateRetriever } from './score/scoreModel.js';
import { noText, withoutText } from './score/noText.js';
import { taskFolderName } from './tasks/folderName.js';
import { requireTaskData, type Task } from './tasks/task.js';
import { isSet, type TaskNode } from './tasks/taskFile.js';
import { showsImages } from './tasks/showsImages.js';
import { loadTaskList } from './tasks/taskList.js';
import { trecRetriever } from './score/trecRetriever.js';
import { vectorFormats, type VectorFormat } from './dense/vectorFormat.js';

interface EvalArguments {
  model: string;
  tasks: string[];
  'tasks-dir': string | undefined;
  metrics: string[];
  'ignore-identical-ids': boolean | undefined;
  recipe: string | undefined;
  set: string[];
  base: string | undefined;
  precision: Precision | undefined;
  vectors: VectorFormat | undefined;
  'cache-gigabytes': number | undefined;
  k1: number | undefined;
  b: number | undefined;
  fields: FieldChoice | undefined;
  ranks: number | undefined;
  output: string | undefined;
  again: boolean;
  json: boolean;
}

const evalCommand: Command<EvalArguments> = {
  name: '$0',
  describe: 'Score one model on tasks: exact search over its embeddings, or BM25',
  options: (cli) =>
    cli
      .option('model', {
        type: 'string',
        demandOption: true,
        describe: 'base:NAME, run:NAME, run:NAME@STEP, bm25, trec:FILE, or the folder of an adapter or checkpoint',
      })
      .option('tasks', {
        type: 'string',
        array: true,
        demandOption: true,
        describe:
          'names in configs/tasks/ such as scifact or the sets beir, coir, msmarco; or folders, or YAML files like those; commas separate; for trec:FILE judgements suffice',
      })
      .option('tasks-dir', { type: 'string', describe: 'holds folders in the layout of BEIR or CoIR' })
      .option('metrics', {
        type: 'string',
        array: true,
        default: [],
        describe:
          "instead of each task's own, as map@1000,precision@30 (ndcg, mrr, recall, precision, map, success or hit); -l2 counts grades from 2 on",
      })
      .option('ignore-identical-ids', {
        type: 'boolean',
        describe:
          "of folders: leave out the document that has the query's own id [default: as the named task, else no]",
      })
      .option('recipe', { type: 'string', describe: 'whose contract a model without one is encoded under' })
      .option('set', {
        type: 'string',
        array: true,
        default: [],
        describe: 'change a setting of that recipe, as contract.queryPrefix=text or evaluation.batchTokens=4096',
      })
      .option('base', { type: 'string', describe: 'name or folder of the base, for the folder of an adapter' })
      .option('precision', {
        choices: precisions,
        describe: 'instead of that of the contract; the results then carry a contract of their own',
      })
      .option('vectors', { choices: vectorFormats, describe: 'how embeddings are kept and searched' })
      .option('cache-gigabytes', {
        type: 'number',
        describe: `what kept embeddings of all models may take; 0 keeps none [default: ${defaultCacheBytes / 1e9}]`,
      })
      .option('k1', { type: 'number', describe: `of bm25 [default: ${bm25Defaults.k1}]` })
      .option('b', { type: 'number', describe: `of bm25 [default: ${bm25Defaults.b}]` })
      .option('fields', {
        choices: ['flat', 'multifield'] as const,
        describe: 'of bm25: title and text as one, or each scored and the scores added [default: flat]',
      })
      .option('ranks', {
        type: 'number',
        describe: 'processes on this machine that share the encoding, one card each where there are cards',
      })
      .option('output', {
        type: 'string',
        describe: 'folder of the results, instead of the run or checkpoints/evaluations/',
      })
      .option('again', { type: 'boolean', default: false, describe: 'score what was scored already' })
      .option('json', { type: 'boolean', default: false, describe: 'print the results as one JSON object last' }),
  examples: [
    ['npm run eval -- --model bm25 --tasks demo', 'BM25 on the tasks of the demonstration'],
    ['npm run eval -- --model run:first --tasks ./beir/scifact', 'a run on a folder in BEIR layout'],
    ['npm run eval -- --model bm25 --tasks beir --fields multifield', "the study's fourteen sets"],
    ['npm run eval -- --model base:qwen-math --tasks beir --ranks 8', 'encoded on eight cards'],
  ],
  async handler(args) {
    const names = listOf(args.tasks);
    const { nodes, tasks } = loadTaskList(names, args['tasks-dir'], {
      ignoreIdenticalIds: args['ignore-identical-ids'],
      metrics: args.metrics.length > 0 ? listOf(args.metrics) : undefined,
      judgementsSuffice: args.model.startsWith('trec:'),
    });
    if (tasks.length === 0) throw new UserError('--tasks names no task');
    if (tasks.some(({ name }) => name.startsWith('demo-'))) await prepareDemonstration((what) => console.error(what));
    for (const task of tasks) requireTaskData(task);
    if (args.output !== undefined) await requireApartFromInputs(args.output, nodes, tasks, args);
    const helpers = helpersOf(args);
    const { retriever, opened } = await openRetriever(args, tasks);
    const root = args.output ?? folderOf(args, retriever);
    if (opened && launchedPlace(process.env)) {
      const { contract } = opened.encoder;
      for (const task of tasks)
        await embedTask(opened.dense, task, { folder: join(root, taskFolderName(task)), contract, again: args.again });
      return;
    }
    await requireWritable(root);
    helpers?.start(withoutRanks(process.argv.slice(2)), (line) => console.error(line));
    const rows: ResultRow[] = [];
    for (const task of tasks) rows.push(await score(task, retriever, opened, root, args));
    await Promise.all([opened?.close(), helpers?.end()]);
    for (const node of nodes) await writeAverages(root, node, rows);
    const results = withAverages(nodes, rows);
    console.log(resultTable({ results }));
    console.error(`results ${root}`);
    if (args.json)
      console.log(
        JSON.stringify({
          folder: root,
          results: results.map(({ task, model, metrics, note }) => ({ task, model, metrics, ...(note && { note }) })),
        }),
      );
  },
};

/** The results of a task are replaced as a whole, and with them all that lies in their folder. */
async function requireApartFromInputs(root: string, nodes: TaskNode[], tasks: Task[], { model, base }: EvalArguments) {
  const places = [...nodes, ...tasks].map((node) => join(root, taskFolderName(node)));
  await requireApart(
    [...new Set(places)].map((path) => ({ option: '--output', path, kind: 'folder' as const })),
    [...modelFolders(model, base), ...tasks.map(({ folder }) => folder)],
  );
}

const listOf = (texts: readonly string[]) => texts.flatMap((text) => text.split(',')).filter((name) => name !== '');

/** Processes that encode beside this one, where some were asked for. */
function helpersOf({ model, ranks, 'cache-gigabytes': gigabytes }: EvalArguments): Helpers | undefined {
  if (ranks === undefined) return undefined;
  if (!isEncoded(model)) throw new UserError(`--ranks has no effect on ${model}; leave it out`);
  if (gigabytes === 0)
    throw new UserError(
      '--ranks shares embeddings by keeping them, and --cache-gigabytes 0 keeps none; leave one of them out',
    );
  return helpersBeside(ranks, process.env);
}

const isEncoded = (model: string) => model !== 'bm25' && !model.startsWith('trec:');

/** An encoder with the retriever that ranks by it. */
interface OpenDense extends OpenEncoder {
  dense: DenseRetriever;
}

async function openRetriever(
  args: EvalArguments,
  tasks: readonly Task[],
): Promise<{ retriever: Retriever; opened: OpenDense | null }> {
  const { model, recipe, set, base, precision, vectors: format, k1, b, fields } = args;
  const isDense = isEncoded(model);
  refuse(args, isDense ? [] : ['recipe', 'base', 'precision', 'vectors', 'cache-gigabytes']);
  if (!isDense && args.set.length > 0) throw new UserError(`--set has no effect on ${model}; leave it out`);
  refuse(args, model === 'bm25' ? [] : ['k1', 'b', 'fields']);
  if (model.startsWith('trec:')) return { retriever: await trecRetriever(model.slice('trec:'.length)), opened: null };
  if (!isDense) {
    if (k1 !== undefined && k1 < 0) throw new UserError(`--k1 must be 0 or more; got ${k1}`);
    if (b !== undefined && (b < 0 || b > 1)) throw new UserError(`--b must be from 0 to 1; got ${b}`);
    const options = { ...(k1 !== undefined && { k1 }), ...(b !== undefined && { b }), ...(fields && { fields }) };
    return { retriever: bm25Retriever(options), opened: null };
  }
  const gigabytes = args['cache-gigabytes'] ?? defaultCacheBytes / 1e9;
  if (gigabytes < 0) throw new UserError(`--cache-gigabytes must be 0 or more; got ${gigabytes}`);
  let images = false;
  for (const task of tasks) images ||= await showsImages(task);
  const opened = await openEncoder(model, { recipe, base, precision, set, images });
  for (const warning of opened.warnings) console.error(`warning: ${warning}`);
  const warn = (text: string) => console.error(`warning: ${text}`);
  const dense = denseRetriever(opened.encoder, { format, cacheBytes: gigabytes * 1e9, warn });
  return { retriever: dense, opened: { ...opened, dense } };
}

function refuse(args: EvalArguments, names: (keyof EvalArguments)[]): void {
  const ineffective = names.find((name) => args[name] !== undefined);
  if (ineffective) throw new UserError(`--${ineffective} has no effect on ${args.model}; leave it out`);
}

/** A run's results belong to the run; a saved step and models without a run have folders of their own. */
function folderOf({ model, precision, vectors }: EvalArguments, retriever: Retriever): string {
  const [kind, name] = model.split(':');
  if (kind === 'run' && !name!.includes('@') && precision === undefined && vectors === undefined)
    return join(runFolder(runsRoot, name!).folder, 'eval');
  return resultsFolder(model, retriever);
}

async function score(
  task: Task,
  retriever: Retriever,
  opened: OpenEncoder | null,
  root: string,
  { model, again }: EvalArguments,
): Promise<ResultRow> {
  const bar = progressBar(task.name, 100);
  const scored = await evaluateRetriever(retriever, task, {
    folder: join(root, taskFolderName(task)),
    ...(opened && { contract: opened.encoder.contract }),
    again,
    onProgress: (done, all) => bar.update(Math.round((100 * done) / all)),
  })
    .catch(withoutText)
    .finally(() => bar.stop());
  if (!scored) return { task: task.name, model, metrics: {}, note: noText };
  const { summary, perQuery, isReused, replaced } = scored;
  if (isReused) console.error(`${task.name} was scored ${summary.finished}; --again scores it anew`);
  if (replaced !== undefined)
    console.error(
      `warning: results of ${replaced} on other data that is also called ${task.name} were replaced; --output keeps both`,
    );
  const shared = task.isFolder ? sharedIdsWarning(task.name, summary.counts, task.ignoreIdenticalIds) : [];
  for (const warning of [...warningsOf(task.name, summary.counts), ...shared]) console.error(`warning: ${warning}`);
  return { task: task.name, model, metrics: summary.metrics, perQuery };
}

async function writeAverages(root: string, node: TaskNode, rows: readonly ResultRow[]): Promise<void> {
  for (const average of averagesOf(node, rows))
    await writeBeside(join(root, taskFolderName(node), 'average.json'), `${JSON.stringify(average, null, 2)}\n`);
  if (isSet(node)) for (const member of node.members) await writeAverages(root, member, rows);
}

await runCommand('npm run eval --', evalCommand);
