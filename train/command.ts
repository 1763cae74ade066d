import { existsSync } from 'node:fs';
import { runCommand, type Command } from '../configs/cli/cli.js';
import { downloadScreen } from '../configs/cli/download.js';
import { precisions, type Contract, type Precision } from '../configs/contract.js';
import { loadConfig } from '../configs/load/loadConfig.js';
import { resolveBase } from '../configs/load/resolveBase.js';
import { UserError } from '../configs/userError.js';
import { datasetsMirror, datasetsRoot } from '../data/download/datasetsRoot.js';
import { parseDataSpec } from '../data/stream/dataSpec.js';
import { readRunConfig } from '../checkpoints/run/config.js';
import { contractFields } from '../checkpoints/contract/contractFile.js';
import { defaultRunName, openRun, requireFreeName, runFolder, runsRoot } from '../checkpoints/run/folder.js';
import { loadTaskList } from '../eval/tasks/taskList.js';
import { visibleCards } from '../model/engine/native/cards.js';
import { describeLayers } from '../model/describe/describeLayers.js';
import { alonePlace, type RankPlace } from '../model/engine/ranks/rankPlace.js';
import { engineNames, type Engine, type EngineName } from '../model/engine/startEngine.js';
import { describePlan } from '../model/memory/memoryPlan.js';
import { openNewRun } from './loop/open/openNewRun.js';
import { openOldRun } from './loop/open/openOldRun.js';
import type { OpenTraining } from './loop/open/openTraining.js';
import { longName, namedDuring } from './during/duringTasks.js';
import { poolArithmetic } from './loop/pools.js';
import { clearAborted } from './processes/trainingState.js';
import { watchSignals } from '../configs/cli/watchSignals.js';
import { asRank, type Joined } from '../model/ranks/asRank.js';
import { launchRanks, withoutRanks } from '../model/ranks/launchRanks.js';
import { describeRanks } from '../model/ranks/launcher/launchedByOthers.js';
import { rankPlaceOf } from '../model/ranks/launcher/rankPlaceOf.js';
import { requireQueries, requireRanks } from '../model/ranks/requireRanks.js';
import { shareEnd, workAlong } from './ranks/workAlong.js';
import { allTasks, askedData, type AskedRun } from './prepare/askedRun.js';
import { requireBegunAlike } from './prepare/requireBegunAlike.js';
import { planLines } from './prepare/planLines.js';
import { isAllHere, planRun, problemsOf, type RunPlan } from './prepare/planRun.js';
import { prepareRun, prepareTasks, type Places } from './prepare/prepareRun.js';
import { finish } from './command/finish.js';
import { screenOf } from './command/screen.js';
import { workThrough } from './workThrough.js';

interface TrainArguments {
  base: string[] | undefined;
  recipe: string | undefined;
  data: string[] | undefined;
  adapter: string | undefined;
  'allow-contract': (keyof Contract)[] | undefined;
  run: string | undefined;
  resume: boolean;
  'allow-engine': EngineName | undefined;
  set: string[];
  precision: Precision | undefined;
  ranks: number | undefined;
  'trust-network': boolean;
  'dry-run': boolean;
  json: boolean;
}

const trainCommand: Command<TrainArguments> = {
  name: '$0',
  describe: 'Fine-tune a base into a retriever, export the adapter, score it beside its base and BM25',
  options: (cli) =>
    cli
      .option('base', {
        type: 'string',
        array: true,
        describe: 'a name in configs/bases/, a folder in Hugging Face layout, or an id of the hub',
      })
      .option('recipe', { type: 'string', describe: "a name in configs/recipes/, or a YAML file; else the base's own" })
      .option('data', {
        type: 'string',
        array: true,
        describe: "Arrow files to train on instead of the recipe's data sets; FILE:2 takes its rows twice an epoch",
      })
      .option('adapter', { type: 'string', describe: 'folder of a PEFT adapter to start from' })
      .option('allow-contract', {
        choices: contractFields,
        array: true,
        describe: "with --adapter: fields of its contract that may differ from this run's",
      })
      .option('run', { type: 'string', describe: 'name of the run folder in checkpoints/runs/' })
      .option('resume', { type: 'boolean', default: false, describe: 'go on with the run that --run names' })
      .option('allow-engine', {
        choices: engineNames,
        describe: 'with --resume: go on with this engine though another computed the run so far',
      })
      .option('set', { type: 'string', array: true, default: [], describe: 'override a setting, as path=value' })
      .option('precision', {
        choices: precisions,
        describe: 'short for --set contract.precision=...',
      })
      .option('ranks', {
        type: 'number',
        describe: 'processes on this machine that share each pool, one card each where there are cards',
      })
      .option('trust-network', {
        type: 'boolean',
        default: false,
        describe:
          'several machines may share the run: nobody reaches their ports whom you would not let run programs as you',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'print what the run takes and what is missing; nothing is written or downloaded',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print the results as one JSON object last' }),
  examples: [
    ['npm run train -- --base demo', 'the whole way in two minutes, no GPU needed'],
    ['npm run train -- --base qwen-math --run maths', 'fetch, train, score; given again, it goes on where it stopped'],
    ['npm run train -- --base qwen-math --dry-run', 'what that downloads, and the disk, memory and time it takes'],
    ['npm run train -- --base ./Qwen2.5-0.5B --data train.arrow --run first', 'a base of your own on data of your own'],
    ['npm run train -- --run first --resume', 'go on where a run stopped'],
    ['npm run train -- --base qwen-math --ranks 8', 'one run on eight cards'],
  ],
  async handler(args) {
    const words = process.argv.slice(2);
    const place = await rankPlaceOf(args, process.env);
    if (place === undefined && args.ranks !== undefined) {
      requireRanks(args.ranks, visibleCards(process.env));
      if (args['dry-run']) throw new UserError('--dry-run tells what one process takes; leave --ranks out');
      const say = (line: string) => console.error(line);
      // Said once, before so many processes start.
      if (!args.resume) requireQueries(args.ranks, askedRun(args).loaded.config.training.queriesPerPool);
      if (args.ranks > 1) return launchRanks(args.ranks, withoutRanks(words), watchSignals(), say);
    }
    return asRank(place ?? alonePlace, words, (join) =>
      (place?.rank ?? 0) > 0 ? follow(place!.rank, join) : lead(args, place ?? alonePlace, join),
    );
  },
};

type Join = () => Promise<Joined>;

/** All of a run; the updates together with the other ranks, where there are any. */
async function lead(args: TrainArguments, place: RankPlace, join: Join): Promise<number | void> {
  const { ranks } = place;
  let joined: Joined | undefined;
  const announced = async () => {
    joined = await join();
    const { name, version, why } = joined.engine;
    console.error(`engine  ${name} ${version} (${why})`);
    if (joined.engine.device === 'GPU') console.error(`layers  ${describeLayers()}`);
    return joined.engine;
  };
  const opened = args.resume ? await reopen(args, announced) : await open(args, ranks, announced);
  if (typeof opened === 'number') {
    joined?.collective.fail('it began no run, and says why');
    return opened;
  }
  const { record, paths, warnings, from } = opened;
  requireQueries(ranks, record.settings.training.queriesPerPool);
  for (const warning of warnings) console.error(`warning: ${warning}`);
  console.error(`run     ${paths.folder}`);
  console.error(`memory  ${describePlan(opened.plan, opened.model.config)}`);
  for (const line of poolArithmetic(record.settings, record.rows, record.updates)) console.error(line);
  for (const { scoredOn } of opened.during) console.error(`scored  while training on ${longName(scoredOn)}`);
  const kept = opened.caches.filter((cache) => cache !== undefined).length;
  if (kept > 0) console.error(`tokens  kept for ${kept} of ${opened.caches.length} training files`);
  if (from) console.error(`resume  after update ${from.step} of ${record.updates}`);
  if (ranks > 1) console.error(`ranks   ${describeRanks(place)}`);
  const { collective, hellos } = joined!;
  const outcome = await workThrough(opened, screenOf(record.updates, from?.step ?? 0), collective, hellos);
  const isInterrupted = 'interruptedAfter' in outcome;
  if (isInterrupted) {
    const { interruptedAfter: last } = outcome;
    const saved = last === 0 ? 'interrupted before the first update was made' : `saved after update ${last}`;
    console.error(`${saved}; go on with: npm run train -- --run ${paths.name} --resume`);
    shareEnd(collective, 'interrupted');
    return 130;
  }
  await finish(opened, outcome, args.json);
  shareEnd(collective, 'done');
}

/** The updates alone, together with the other ranks: rank 0 does all else. */
async function follow(rank: number, join: Join): Promise<number> {
  const { engine, collective } = await join();
  const end = await workAlong(collective, engine, (text) => console.error(`rank ${rank}: warning: ${text}`));
  return end === 'interrupted' ? 130 : 0;
}

/** @returns the run, or the exit code where none is to go on */
async function open(args: TrainArguments, ranks: number, join: () => Promise<Engine>): Promise<OpenTraining | number> {
  const asked = askedRun(args);
  requireQueries(ranks, asked.loaded.config.training.queriesPerPool);
  const begun = args.run !== undefined && existsSync(runFolder(runsRoot, args.run).config);
  if (args['allow-engine'] !== undefined && !begun)
    throw new UserError(
      '--allow-engine has no effect without --resume: a new run takes the engine there is; leave it out',
    );
  const run = args.run ?? defaultRunName(asked.base.name, new Date());
  if (begun) requireBegunAlike(run, await readRunConfig(runFolder(runsRoot, run).config), asked);
  else if (!args['dry-run']) {
    await clearAborted(run);
    await requireFreeName(runsRoot, run);
  }
  const engine = await join();
  const plan = await planRun(asked, places(), engine);
  if (args['dry-run']) return showPlan(plan, args.json);
  if (problemsOf(plan, true).length > 0) return refuse(problemsOf(plan, true));
  // Where all is here, what opening it finds comes first.
  if (!isAllHere(plan)) for (const line of planLines(plan)) console.error(line);
  if (!(await prepareRun(asked, places(), downloadScreen))) return interrupted();
  const opened = begun
    ? await openOldRun(engine, run, args['allow-engine'])
    : await openNewRun(engine, { ...asked, data: asked.data.files, run });
  if (isAllHere(plan)) for (const line of planLines(plan)) console.error(line);
  return opened;
}

/** The plan alone. @returns the exit code */
function showPlan(plan: RunPlan, json: boolean): number {
  for (const line of planLines(plan)) console.log(line);
  if (json) console.log(JSON.stringify(plan));
  return refuse(problemsOf(plan, false));
}

/** Every problem on a line of its own. @returns the exit code */
function refuse(problems: readonly string[]): number {
  for (const problem of problems) console.error(`error: ${problem}`);
  return problems.length > 0 ? 2 : 0;
}

function interrupted(): number {
  console.error('interrupted; the same command goes on from here');
  return 130;
}

function askedRun(args: TrainArguments): AskedRun {
  if (args.base === undefined)
    throw new UserError('--base is missing: name a base in configs/bases/ or a folder; --base demo needs nothing else');
  const [name, ...others] = args.base;
  if (others.length > 0)
    throw new UserError(
      `--base takes one value; got ${args.base.join(' and ')}; several bases are a study: npm run study compares them`,
    );
  const base = resolveBase(name!);
  const allowContract = args['allow-contract'] ?? [];
  if (args.adapter === undefined && allowContract.length > 0)
    throw new UserError(
      '--allow-contract has no effect without --adapter, whose contract may then differ; leave it out',
    );
  const recipe = args.recipe ?? base.recipe;
  if (args.data?.length === 0) throw new UserError('--data names no file; leave it out or name Arrow files');
  const precision = args.precision === undefined ? [] : [`contract.precision=${args.precision}`];
  const loaded = loadConfig(recipe, [...args.set, ...precision]);
  if (precision.length > 0 && args.set.some((setting) => setting.startsWith('contract.precision=')))
    throw new UserError('contract.precision is stated by --set and by --precision; leave one of them out');
  const { tasks: names, tasksDir } = loaded.config.evaluation;
  const { tasks } = loadTaskList(names, tasksDir);
  const during = namedDuring(loaded.config);
  const given = args.data?.map((text) => parseDataSpec(String(text)));
  const data = askedData(given, loaded, { recipe, tasks: allTasks({ tasks, during }), root: places().root });
  return { base, baseText: name!, recipe, loaded, adapter: args.adapter, allowContract, tasks, during, data };
}

const places = (): Places => ({ root: datasetsRoot(), mirror: datasetsMirror() });

async function reopen(args: TrainArguments, join: () => Promise<Engine>): Promise<OpenTraining> {
  if (args.run === undefined) throw new UserError('--resume needs --run NAME, the run to go on with');
  if (args['dry-run'])
    throw new UserError('--dry-run has no effect with --resume; give the command that began the run');
  const stated = (['base', 'recipe', 'data', 'adapter', 'allow-contract', 'precision'] as const).find(
    (name) => args[name] !== undefined,
  );
  if (stated || args.set.length > 0)
    throw new UserError(
      `--${stated ?? 'set'} has no effect with --resume: a run goes on as it was told to; leave it out`,
    );
  const { config } = await openRun(runsRoot, args.run);
  const engine = await join(); // others wait for it no longer than a while, and for what follows as long as it takes
  if (existsSync(config)) {
    const { settings } = await readRunConfig(config);
    const { tasks } = loadTaskList(settings.evaluation.tasks, settings.evaluation.tasksDir);
    await prepareTasks(allTasks({ tasks, during: namedDuring(settings) }), places(), downloadScreen);
  }
  return openOldRun(engine, args.run, args['allow-engine']);
}

await runCommand('npm run train --', trainCommand);
