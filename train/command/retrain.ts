import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { loadRetraining, type RetrainingPlan } from '../../configs/load/loadRetraining.js';
import { UserError } from '../../configs/userError.js';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { prepareDemonstration } from '../../eval/demonstration.js';
import { loadTasks, requireTaskData, type Task } from '../../eval/tasks/task.js';
import { tryLock } from '../../setup/lock.mjs';
import { spawnCommand } from '../processes/spawnCommand.js';
import { watchSignals } from '../processes/watchSignals.js';
import { tellAfterwards } from '../retrain/tell/afterwards.js';
import { whatIsAsked } from '../retrain/beginAttempt.js';
import { promoteByHand, rollback } from '../retrain/champion/byHand.js';
import { readHistory } from '../retrain/history.js';
import { planFolder, type PlanFolder } from '../retrain/planFolder.js';
import { retrain, type RetrainingEnd } from '../retrain/retrain.js';
import { dispensable } from '../retrain/champion/retention.js';
import { Interrupted, type Steps } from '../retrain/runStep.js';
import { installCron, installTimer } from '../retrain/schedule/install.js';
import { nextDue } from '../retrain/schedule/nextDue.js';
import { cronLine, environmentOf, serviceUnit, timerUnit, unitName, type Place } from '../retrain/schedule/units.js';
import { planStatus, statusTable } from '../retrain/tell/status.js';
import { writeHistoryPage } from '../retrain/tell/writeHistoryPage.js';
import { checkout, homePath } from '../../configs/cli/homePath.js';

interface RetrainArguments {
  plan: string;
  force: boolean;
  'dry-run': boolean;
  status: boolean;
  history: boolean;
  rollback: string | undefined;
  promote: string | undefined;
  why: string | undefined;
  install: 'systemd' | 'cron' | undefined;
  write: boolean;
  json: boolean;
}

/** Exit codes of their own, so that a schedule can tell them apart. */
const [foundWorse, alreadyRunning] = [3, 4];

const retrainCommand: Command<RetrainArguments> = {
  name: '$0 <plan>',
  describe: 'Train again when data changed, judge the new checkpoint against the one in use, keep the better one',
  options: (cli) =>
    cli
      .positional('plan', {
        type: 'string',
        demandOption: true,
        describe: 'a name in configs/retraining/, or a YAML file',
      })
      .option('force', { type: 'boolean', default: false, describe: 'train even where nothing is new' })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'say what a call would do and what it would remove; nothing is trained, promoted or removed',
      })
      .option('status', {
        type: 'boolean',
        default: false,
        describe: 'show what is in use, since when, and the last decisions',
      })
      .option('history', { type: 'boolean', default: false, describe: 'write the page of all decisions and say where' })
      .option('rollback', { type: 'string', describe: 'put the champion RUN back, or with `previous` the one before' })
      .option('promote', { type: 'string', describe: 'make RUN the champion, by your word' })
      .option('why', { type: 'string', describe: 'why, for the history, with --promote or --rollback' })
      .option('install', {
        choices: ['systemd', 'cron'] as const,
        describe: "print what runs this by the plan's schedule",
      })
      .option('write', { type: 'boolean', default: false, describe: 'with --install: put it in its place, too' })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object last' }),
  examples: [
    ['npm run retrain -- demo', 'once; what a schedule calls'],
    ['npm run retrain -- demo --status', 'what is in use and what was decided'],
    ['npm run retrain -- gpu-box --install systemd --write', 'every night from now on'],
  ],
  async handler(args) {
    requireOneOf(args);
    const plan = loadRetraining(args.plan);
    if (plan.schedule !== undefined) nextDue(plan.schedule, new Date());
    const place = planFolder(plan.name);
    if (args.install !== undefined) return install(plan, place, args.install, args);
    if (args.status) return status(plan, place, args.json);
    if (args.history) return writePage(plan, place);
    return locked(place, () => work(plan, place, args));
  },
};

/** Each of these is a call of its own. */
function requireOneOf(args: RetrainArguments): void {
  const asked = (['force', 'dry-run', 'status', 'history', 'rollback', 'promote', 'install'] as const).filter(
    (name) => args[name] !== false && args[name] !== undefined,
  );
  if (asked.length > 1) throw new UserError(`--${asked[0]} and --${asked[1]} are calls of their own; give one of them`);
  if (args.write && args.install === undefined)
    throw new UserError('--write has no effect without --install; leave it out');
  if (args.why !== undefined && args.promote === undefined && args.rollback === undefined)
    throw new UserError('--why has no effect without --promote or --rollback; leave it out');
  if (args.promote !== undefined && args.why === undefined)
    throw new UserError('--promote needs --why TEXT, for the history');
}

/** Only one call at a time works on a plan. */
async function locked(place: PlanFolder, work: () => Promise<number>): Promise<number> {
  const file = join(place.folder, 'retrain.lock');
  await mkdir(place.folder, { recursive: true }).catch((error) => {
    throw explainWriteFailure(error, place.folder);
  });
  const { lock, holder } = lockOrExplain(file);
  if (lock === undefined) {
    const since = statSync(file, { throwIfNoEntry: false })?.mtime.toISOString().slice(0, 19) ?? 'just now';
    console.error(`already running: ${holder}, since ${since}; wait for it, or remove ${file} if that process is gone`);
    return alreadyRunning;
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function lockOrExplain(file: string) {
  try {
    return tryLock(file);
  } catch (error) {
    throw explainWriteFailure(error, file);
  }
}

async function work(plan: RetrainingPlan, place: PlanFolder, args: RetrainArguments): Promise<number> {
  const steps: Steps = { runCommand: spawnCommand, signal: watchSignals(), say: (line) => console.error(line) };
  if (args['dry-run']) return dryRun(plan, place, await tasksOf(plan), steps, args.json);
  if (args.promote !== undefined || args.rollback !== undefined) return byHand(plan, place, args, steps);
  const startedMs = Date.now();
  let code = 1;
  try {
    const tasks = await tasksOf(plan);
    const end = await retrain({ ...steps, plan, place, tasks, force: args.force, clock: Date.now });
    code = report(end, args.json);
    await writeHistoryPage(plan, place);
  } catch (error) {
    if (!(error instanceof Interrupted)) {
      code = error instanceof UserError ? 2 : 1;
      throw error;
    }
    console.error('interrupted: what was done is saved; the same command goes on');
    code = 130;
  } finally {
    for (const warning of await tellAfterwards(plan, place, startedMs, code)) console.error(`warning: ${warning}`);
  }
  return code;
}

function report(end: RetrainingEnd, json: boolean): number {
  if (json) console.log(JSON.stringify(end.kind === 'decided' ? end.entry : end));
  if (end.kind === 'nothing new') {
    console.error(`nothing new since ${end.since}; --force trains all the same`);
    return 0;
  }
  const { outcome, run, champion, why, decision } = end.entry;
  for (const { task, metric, challenger, champion: before, difference } of decision!.results)
    console.error(
      `${task.padEnd(24)} ${metric} ${challenger.toFixed(4)}` +
        (difference === null || before === null
          ? ''
          : `, champion ${before.toFixed(4)}, difference ${difference.difference.toFixed(4)} [${difference.low.toFixed(4)}, ${difference.high.toFixed(4)}]`),
    );
  console.error(
    outcome === 'promoted' ? `promoted ${run}: ${why}` : `kept ${champion}: ${run} was found worse: ${why}`,
  );
  return outcome === 'promoted' ? 0 : foundWorse;
}

/** The tasks of the gate, each once, their data there and their metrics those that the plan names. */
async function tasksOf({ name, gate }: RetrainingPlan): Promise<Task[]> {
  const found = gate.tasks.flatMap((task) => loadTasks(task, gate.tasksDir));
  const tasks = [...new Map(found.map((task) => [task.name, task])).values()];
  if (tasks.some((task) => task.name.startsWith('demo-'))) await prepareDemonstration((what) => console.error(what));
  for (const task of tasks) {
    requireTaskData(task);
    if (gate.metric !== undefined && !task.metrics.includes(gate.metric))
      throw new UserError(
        `retraining plan ${name}: gate.metric ${gate.metric} is none of task ${task.name}: ${task.metrics.join(', ')}`,
      );
  }
  const stray = Object.keys(gate.floors).find((task) => !tasks.some((one) => one.name === task));
  if (stray !== undefined)
    throw new UserError(
      `retraining plan ${name}: gate.floors names ${stray}, which is none of its tasks: ${tasks.map((task) => task.name).join(', ')}`,
    );
  return tasks;
}

async function dryRun(
  plan: RetrainingPlan,
  place: PlanFolder,
  _tasks: Task[],
  steps: Steps,
  json: boolean,
): Promise<number> {
  const asked = await whatIsAsked(plan, place, steps);
  const history = await readHistory(place.history);
  const last = history.filter(({ fingerprint }) => fingerprint !== undefined).at(-1);
  const isNew = last?.fingerprint !== asked.fingerprint;
  const removed = dispensable(place, plan.keep, history, Date.now());
  console.error(`data    ${asked.data.rows} rows in ${asked.data.files.length} files`);
  console.error(isNew ? 'a call would train a challenger' : `nothing new since ${last.time}`);
  for (const folder of removed) console.error(`would be removed: ${folder}`);
  if (json)
    console.log(JSON.stringify({ plan: plan.name, isNew, rows: asked.data.rows, files: asked.data.files, removed }));
  return 0;
}

async function byHand(plan: RetrainingPlan, place: PlanFolder, args: RetrainArguments, steps: Steps): Promise<number> {
  if (args.promote !== undefined) {
    await promoteByHand(plan, place, args.promote, args.why!, steps);
    console.error(`promoted by hand: ${args.promote}`);
  } else console.error(`rolled back to ${await rollback(plan, place, args.rollback!, args.why)}`);
  await writeHistoryPage(plan, place);
  return 0;
}

async function status(plan: RetrainingPlan, place: PlanFolder, json: boolean): Promise<number> {
  const known = await planStatus(plan, place, new Date());
  console.log(json ? JSON.stringify(known) : statusTable(known));
  return 0;
}

async function writePage(plan: RetrainingPlan, place: PlanFolder): Promise<number> {
  if ((await readHistory(place.history)).length === 0)
    throw new UserError(`plan ${plan.name} has no history yet; npm run retrain -- ${plan.name} begins it`);
  await writeHistoryPage(plan, place);
  console.log(place.historyPage);
  return 0;
}

async function install(
  plan: RetrainingPlan,
  place: PlanFolder,
  kind: 'systemd' | 'cron',
  { plan: argument, write }: RetrainArguments,
): Promise<number> {
  if (plan.schedule === undefined)
    throw new UserError(`${plan.file}: schedule is missing; name one, such as "30 2 * * *"`);
  const told: Place = {
    plan: plan.name,
    argument: /\.ya?ml$/.test(argument) ? resolve(argument) : argument,
    folder: process.cwd(),
    ...(homePath('.') !== '.' && { checkout }),
    node: process.execPath,
    schedule: plan.schedule,
    env: environmentOf(process.env),
  };
  const log = join(resolve(place.folder), 'retraining.log');
  if (kind === 'cron') console.log(cronLine(told, log));
  else {
    console.log(`# ${unitName(plan.name)}.service\n${serviceUnit(told)}`);
    console.log(`# ${unitName(plan.name)}.timer\n${timerUnit(told)}`);
  }
  if (!write) return 0;
  await mkdir(place.folder, { recursive: true }); // cron's shell opens the log there
  const done = kind === 'cron' ? installCron(told, log) : await installTimer(told);
  for (const line of done) console.error(line);
  return 0;
}

await runCommand('npm run retrain --', retrainCommand);
