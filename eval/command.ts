import { join } from 'node:path';
import { runCommand, type Command } from '../configs/cli.js';
import { progressBar } from '../configs/cliProgress.js';
import { UserError } from '../configs/userError.js';
import { runFolder, runsRoot } from '../checkpoints/runFolder.js';
import { bm25Retriever } from './bm25.js';
import { prepareDemonstration } from './demonstration.js';
import { denseRetriever } from './denseRetriever.js';
import { openEncoder } from './openEncoder.js';
import type { ResultRow } from './reportData.js';
import { resultTable } from './resultTable.js';
import { evaluateRetriever, taskFolderName } from './scoreModel.js';
import { loadTasks, requireTaskData } from './task.js';

interface EvalArguments {
  model: string;
  tasks: string[];
  'tasks-dir': string | undefined;
  recipe: string | undefined;
  base: string | undefined;
  precision: 'float32' | 'bfloat16' | undefined;
  output: string | undefined;
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
        describe: 'base:NAME, run:NAME, run:NAME@STEP, bm25, or the folder of an adapter or checkpoint',
      })
      .option('tasks', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'names in configs/tasks/, or of folders in --tasks-dir, as NAME or NAME/SPLIT; commas separate too',
      })
      .option('tasks-dir', { type: 'string', describe: 'holds folders in BEIR layout' })
      .option('recipe', { type: 'string', describe: 'whose contract a model without one is encoded under' })
      .option('base', { type: 'string', describe: 'name or folder of the base, for the folder of an adapter' })
      .option('precision', {
        choices: ['float32', 'bfloat16'] as const,
        describe: 'instead of that of the contract; the results then carry a contract of their own',
      })
      .option('output', {
        type: 'string',
        describe: 'folder of the results, instead of the run or checkpoints/evaluations/',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print the results as one JSON object last' }),
  examples: [
    ['npm run eval -- --model bm25 --tasks demo-general,demo-code', 'BM25 on two tasks of the demonstration'],
    ['npm run eval -- --model run:first --tasks scifact --tasks-dir beir', 'a run on a folder in BEIR layout'],
  ],
  async handler(args) {
    const names = args.tasks.flatMap((text) => text.split(',')).filter((name) => name !== '');
    if (names.some((name) => name.startsWith('demo-'))) await prepareDemonstration((what) => console.error(what));
    const tasks = names.flatMap((name) => loadTasks(name, args['tasks-dir']));
    if (tasks.length === 0) throw new UserError('--tasks names no task');
    for (const task of tasks) requireTaskData(task);
    if (args.model === 'bm25') {
      const ineffective = (['recipe', 'base', 'precision'] as const).find((name) => args[name] !== undefined);
      if (ineffective) throw new UserError(`--${ineffective} has no effect on bm25; leave it out`);
    }
    const { recipe, base, precision } = args;
    const opened = args.model === 'bm25' ? null : await openEncoder(args.model, { recipe, base, precision });
    const retriever = opened ? denseRetriever(opened.encoder) : bm25Retriever();
    const root = args.output ?? resultsFolder(args.model, { precision, recipe: opened?.recipe, base });
    const rows: ResultRow[] = [];
    for (const task of tasks) {
      const bar = progressBar(task.name, 100);
      const { summary, perQuery } = await evaluateRetriever(retriever, task, {
        folder: join(root, taskFolderName(task)),
        ...(opened && { contract: opened.encoder.contract }),
        onProgress: (done, all) => bar.update(Math.round((100 * done) / all)),
      }).finally(() => bar.stop());
      rows.push({ task: task.name, model: args.model, metrics: summary.metrics, perQuery });
    }
    await opened?.close();
    console.log(resultTable({ results: rows }));
    console.error(`results ${root}`);
    if (args.json)
      console.log(
        JSON.stringify({ folder: root, results: rows.map(({ task, model, metrics }) => ({ task, model, metrics })) }),
      );
  },
};

/**
 * A run's results belong to the run; a saved step and models without a run have folders of their own, and so has each
 * option that changes the embeddings.
 */
function resultsFolder(model: string, options: Record<'precision' | 'recipe' | 'base', string | undefined>): string {
  const [kind, name] = model.split(':');
  if (kind === 'run' && !name!.includes('@') && options.precision === undefined)
    return join(runFolder(runsRoot, name!).folder, 'eval');
  const { precision, recipe, base } = options;
  const folder = [model, recipe, base, precision].filter((part) => part !== undefined).join(' ');
  return join('checkpoints/evaluations', folder.replace(/[^A-Za-z0-9._@-]+/g, '-').replace(/^[-.]+|-+$/g, ''));
}

await runCommand('npm run eval --', evalCommand);
