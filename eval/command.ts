import { runCommand, type Command } from '../configs/cli/cli.js';
import { progressBars } from '../configs/cli/progress.js';
import { precisions, type Precision } from '../configs/contract.js';
import { UserError } from '../configs/userError.js';
import { helpersBeside, type Helpers } from '../model/ranks/helpers.js';
import { launchedPlace } from '../model/ranks/launchedPlace.js';
import { bm25Defaults } from './bm25/index.js';
import type { FieldChoice } from './bm25/store.js';
import { defaultCacheBytes } from './dense/denseRetriever.js';
import { vectorFormats, type VectorFormat } from './dense/vectorFormat.js';
import { encoderOptions } from './encoder/encoderOptions.js';
import { evaluate, helpEvaluate, type EvaluateRequest } from './programs/evaluate.js';
import { isEncoded } from './programs/openRetriever.js';
import { resultTable } from './report/run/resultTable.js';

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
      .option('recipe', encoderOptions.recipe)
      .option('set', encoderOptions.set)
      .option('base', encoderOptions.base)
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
  async handler({ ranks, json, ...request }) {
    if (isEncoded(request.model) && launchedPlace(process.env)) return helpEvaluate(request);
    const bars = progressBars();
    const told = (line: string) => {
      bars.stop();
      console.error(line);
    };
    const { folder, results } = await evaluate({
      ...request,
      beside: helpersOf(request, ranks, told),
      onWarning: (text) => told(`warning: ${text}`),
      onNote: told,
      onProgress: (task, done, all) => bars.update(task, Math.round((100 * done) / all), 100),
    }).finally(bars.stop);
    console.log(resultTable({ results }));
    console.error(`results ${folder}`);
    if (json) console.log(JSON.stringify({ folder, results }));
  },
};

/** Processes that encode beside this one, where some were asked for. */
function helpersOf(
  { model, cacheGigabytes }: EvaluateRequest,
  ranks: number | undefined,
  told: (line: string) => void,
): Helpers | undefined {
  if (ranks === undefined) return undefined;
  if (!isEncoded(model)) throw new UserError(`--ranks has no effect on ${model}; leave it out`);
  if (cacheGigabytes === 0)
    throw new UserError(
      '--ranks shares embeddings by keeping them, and --cache-gigabytes 0 keeps none; leave one of them out',
    );
  return helpersBeside(ranks, process.env, told);
}

await runCommand('npm run eval --', evalCommand);
