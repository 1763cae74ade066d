import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { loadRetraining, type RetrainingPlan } from '../../configs/load/loadRetraining.js';
import { UserError } from '../../configs/userError.js';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { tryLock, type Lock } from '../../setup/lock/lock.mjs';
import { spawnWith } from '../processes/spawnCommand.js';
import { watchSignals } from '../../configs/cli/watchSignals.js';
import { promoteByHand, rollback } from '../retrain/byHand.js';
import { gateTasks } from '../retrain/gate/gateTasks.js';
import { readHistory } from '../retrain/history.js';
import { planFolder, type PlanFolder } from '../retrain/planFolder.js';
import { requirePlanOwner } from '../retrain/planOwner.js';
import { finishDecided, retrain, type RetrainingEnd } from '../retrain/retrain.js';
import { Interrupted, type Steps } from '../retrain/runStep.js';
import { installCron, installTimer } from '../retrain/schedule/install.js';
import { nextDue } from '../retrain/schedule/nextDue.js';
import { cronLine, environmentOf, serviceUnit, timerUnit, unitName, type Place } from '../retrain/schedule/units.js';
import { tellAfterwards } from '../retrain/tell/afterwards.js';
import { requireMetricsFile } from '../retrain/tell/metricsFile.js';
import { outlook, outlookLines } from '../retrain/tell/outlook.js';
import { planStatus, statusTable } from '../retrain/tell/status.js';
import { writeHistoryPage } from '../retrain/tell/writeHistoryPage.js';
import { checkout, homePath } from '../../configs/cli/homePath.js';
import { makeFolder } from '../../data/files/makeFolder.js';

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
        describe: 'say what a call would do and what it would remove; nothing is written or downloaded',
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
    const paths = planFolder(plan.name);
    await requirePlanOwner(plan, paths);
    if (args.install !== undefined) return install(plan, paths, args.install, args);
    if (args.status) return status(plan, paths, args.json);
    if (args.history) return writePage(plan, paths);
    if (plan.metrics !== undefined) await requireMetricsFile(plan.name, plan.metrics);
    if (args['dry-run']) return dryRun(plan, paths, args.json);
    const isByHand = args.promote !== undefined || args.rollback !== undefined;
    return locked(paths, (lock) => (isByHand ? byHand : work)(plan, paths, args, lock));
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

/** Only one call at a time works on a plan. What was made for the lock alone goes with it. */
async function locked(paths: PlanFolder, work: (lock: Lock) => Promise<number>): Promise<number> {
  const missing = missingFolders(paths.folder);
  await makeFolder(paths.folder);
  const { lock, ...held } = lockOrExplain(paths.lock);
  if (lock === undefined) {
    const when = held.since === undefined ? '' : `, since ${held.since.slice(0, 19).replace('T', ' ')} UTC`;
    console.error(
      `already running: ${held.holder}${when}; wait for it, or remove ${paths.lock} if that process is gone`,
    );
    return alreadyRunning;
  }
  try {
    return await work(lock);
  } finally {
    lock.release();
    for (const made of missing) await rmdir(made).catch(() => {}); // something is in it by now
  }
}

function lockOrExplain(file: string) {
  try {
    return tryLock(file);
  } catch (error) {
    throw explainWriteFailure(error, file);
  }
}

/** A folder and those above it that are not there, the innermost first. */
function missingFolders(folder: string): string[] {
  return existsSync(folder) ? [] : [folder, ...missingFolders(dirname(resolve(folder)))];
}

/** Every process that a call starts holds its lock with it: killed alone, it leaves them to end. */
function stepsOf(lock: Lock): Steps {
  return {
    runCommand: spawnWith((pid) => lock.addChild(pid)),
    signal: watchSignals(),
    say: (line) => console.error(line),
  };
}

async function work(plan: RetrainingPlan, paths: PlanFolder, args: RetrainArguments, lock: Lock): Promise<number> {
  const startedMs = Date.now();
  let code = 1;
  try {
    const steps = stepsOf(lock);
    const tasks = await gateTasks(plan, steps.say);
    const end = await retrain({ ...steps, plan, paths, tasks, force: args.force, clock: Date.now });
    code = report(end, args.json);
    if (end.kind === 'decided') await writeHistoryPage(plan, paths);
  } catch (error) {
    if (!(error instanceof Interrupted)) {
      code = error instanceof UserError ? 2 : 1;
      throw error;
    }
    console.error('interrupted: what was done is saved; the same command goes on');
    code = 130;
  } finally {
    for (const warning of await tellAfterwards(plan, paths, startedMs, code)) console.error(`warning: ${warning}`);
  }
  return code;
}

/** @returns the exit code, that of the last decision */
function report(end: RetrainingEnd, json: boolean): number {
  if (json) console.log(JSON.stringify(end.kind === 'decided' ? end.entries.at(-1) : end));
  if (end.kind === 'nothing new') {
    console.error(`nothing new since ${end.since}; --force trains all the same`);
    return 0;
  }
  for (const { outcome, run, champion, why, decision } of end.entries) {
    for (const { task, metric, challenger, champion: before, difference } of decision!.results)
      console.error(
        `${task.padEnd(24)} ${metric} ${challenger.toFixed(4)}` +
          (difference === null || before === null
            ? ''
            : `, champion ${before.toFixed(4)}, difference ${difference.difference.toFixed(4)} [${difference.low.toFixed(4)}, ${difference.high.toFixed(4)}]`),
      );
    const kept = champion === null ? 'there is no champion yet' : `kept ${champion}`;
    console.error(outcome === 'promoted' ? `promoted ${run}: ${why}` : `${kept}: ${run} was found worse: ${why}`);
  }
  return end.entries.at(-1)!.outcome === 'promoted' ? 0 : foundWorse;
}

async function dryRun(plan: RetrainingPlan, paths: PlanFolder, json: boolean): Promise<number> {
  const found = await outlook(plan, paths, Date.now());
  for (const line of outlookLines(found)) console.error(line);
  if (json) console.log(JSON.stringify(found));
  return 0;
}

async function byHand(plan: RetrainingPlan, paths: PlanFolder, args: RetrainArguments, lock: Lock): Promise<number> {
  const startedMs = Date.now();
  const steps = stepsOf(lock);
  await finishDecided({ ...steps, plan, paths, clock: Date.now });
  if (args.promote !== undefined) {
    await promoteByHand(plan, paths, args.promote, args.why!, steps);
    console.error(`promoted by hand: ${args.promote}`);
  } else console.error(`rolled back to ${await rollback(plan, paths, args.rollback!, args.why)}`);
  await writeHistoryPage(plan, paths);
  for (const warning of await tellAfterwards(plan, paths, startedMs, 0)) console.error(`warning: ${warning}`);
  return 0;
}

async function status(plan: RetrainingPlan, paths: PlanFolder, json: boolean): Promise<number> {
  const known = await planStatus(plan, paths, new Date());
  console.log(json ? JSON.stringify(known) : statusTable(known));
  return 0;
}

async function writePage(plan: RetrainingPlan, paths: PlanFolder): Promise<number> {
  if ((await readHistory(paths.history)).length === 0)
    throw new UserError(`plan ${plan.name} has no history yet; npm run retrain -- ${plan.name} begins it`);
  await writeHistoryPage(plan, paths);
  console.log(paths.historyPage);
  return 0;
}

async function install(
  plan: RetrainingPlan,
  paths: PlanFolder,
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
  const log = join(resolve(paths.folder), 'retraining.log');
  if (kind === 'cron') console.log(cronLine(told, log));
  else {
    console.log(`# ${unitName(plan.name)}.service\n${serviceUnit(told)}`);
    console.log(`# ${unitName(plan.name)}.timer\n${timerUnit(told)}`);
  }
  if (!write) return 0;
  await makeFolder(paths.folder); // cron's shell opens the log there
  const done = kind === 'cron' ? installCron(told, log) : await installTimer(told);
  for (const line of done) console.error(line);
  return 0;
}

await runCommand('npm run retrain --', retrainCommand);
