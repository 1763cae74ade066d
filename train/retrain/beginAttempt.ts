import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { fetchBase } from '../../checkpoints/hub/fetchBase.js';
import { defaultRunName, runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import type { RetrainingPlan } from '../../configs/load/loadRetraining.js';
import { resolveBase } from '../../configs/load/resolveBase.js';
import { UserError } from '../../configs/userError.js';
import { fileIdentity } from '../../data/files/fileIdentity.js';
import { inspectOverlap } from '../../data/inspect/inspectOverlap.js';
import { prepareMade } from '../../eval/demonstration/madeData.js';
import type { Task } from '../../eval/tasks/task.js';
import { rowsIn } from './data/rowsIn.js';
import type { Attempt } from './attempt.js';
import { startArguments } from './champion/startArguments.js';
import { gatherData, type GatheredData } from './data/gatherData.js';
import type { PlanFolder } from './planFolder.js';
import { Interrupted, orInterrupted, type Steps } from './runStep.js';

/** What a plan would train on now. */
export interface Asked {
  data: GatheredData;
  base: { name: string; identity: string };
  /** Hash of the resolved settings. */
  settings: string;
  /** Arguments of a training: what it starts from, and the plan's settings. */
  start: string[];
  /** Of data, base and settings: the same one would train the same again. */
  fingerprint: string;
}

/**
 * Find out what a plan asks for now: its data, imported where it is new, its base and its settings.
 * @throws UserError for whatever cannot be used, Interrupted when a signal came
 */
export async function whatIsAsked(plan: RetrainingPlan, paths: PlanFolder, steps: Steps): Promise<Asked> {
  const named = resolveBase(plan.base);
  loadConfig(plan.recipe ?? named.recipe, plan.set); // refused before anything is imported, as what follows
  const start = await startArguments(plan, paths);
  const data = await dataOf(plan, paths, steps);
  const { folder } = await orInterrupted(steps.signal, fetchBase(named));
  return askedFor(plan, start, data, folder);
}

/**
 * What a plan asks for with data that is gathered and a base that is here.
 * @param start   as `startArguments` tells it
 * @param folder  of the base
 */
export async function askedFor(
  plan: RetrainingPlan,
  start: string[],
  data: GatheredData,
  folder: string,
): Promise<Asked> {
  const { name, recipe } = resolveBase(plan.base);
  const { config } = loadConfig(plan.recipe ?? recipe, plan.set);
  const { weightsHash } = await openBaseFolder(folder);
  const settings = hashOf(config);
  const base = { name, identity: weightsHash };
  return { data, base, settings, start, fingerprint: hashOf([data.identities, base.identity, settings, plan.from]) };
}

/**
 * Check what was found before anything is trained on it.
 * @throws UserError when it is too little, or asks what the gate asks
 */
export async function requireSound(
  plan: RetrainingPlan,
  { files, rows }: GatheredData,
  tasks: readonly Task[],
): Promise<void> {
  const { leastRows, mostOverlap } = plan.checks;
  if (rows < leastRows)
    throw new UserError(
      `retraining plan ${plan.name}: checks.leastRows asks for ${leastRows} training rows; got ${rows}; wait for more data`,
    );
  for (const { task, rowsWithQuery, firstQueries } of await inspectOverlap(files, tasks))
    if (rowsWithQuery / rows > mostOverlap)
      throw new UserError(
        `retraining plan ${plan.name}: ${rowsWithQuery} of ${rows} training rows ask what task ${task} of the gate asks, ` +
          `such as ${JSON.stringify(firstQueries[0])}; checks.mostOverlap accepts ${mostOverlap} of them; leave these rows out`,
      );
}

/** A new retraining of what was asked. */
export function newAttempt(plan: RetrainingPlan, paths: PlanFolder, asked: Asked, nowMs: number): Attempt {
  const run = freeRunName(plan.name, paths, nowMs);
  const start = [...asked.start, '--set', 'evaluation.tasks=[]'];
  const recipe = plan.recipe === undefined ? [] : ['--recipe', plan.recipe];
  return {
    id: run,
    startedMs: nowMs,
    workSeconds: 0,
    tries: 0,
    fingerprint: asked.fingerprint,
    run,
    data: { files: asked.data.files, identities: asked.data.identities, rows: asked.data.rows },
    base: asked.base,
    settings: asked.settings,
    training: ['--base', plan.base, ...recipe, '--run', run, ...start, '--data', ...asked.data.files],
  };
}

/** A clock that was set back names a run that is there already; the next second's name is free, or the one after it. */
function freeRunName(plan: string, paths: PlanFolder, nowMs: number): string {
  for (let atMs = nowMs; ; atMs += 1000) {
    const run = defaultRunName(plan, new Date(atMs));
    if (!existsSync(runFolder(runsRoot, run).folder) && !existsSync(paths.champion(run))) return run;
  }
}

/** Whether the data of a retraining under way still is what it began with. */
export async function isUnchanged({ data }: Attempt): Promise<boolean> {
  for (const [index, file] of data.files.entries())
    if ((await fileIdentity(file).catch(() => undefined)) !== data.identities[index]) return false;
  return true;
}

async function dataOf(plan: RetrainingPlan, paths: PlanFolder, { say, signal }: Steps): Promise<GatheredData> {
  if (typeof plan.data === 'string') return asGathered(await prepareMade(plan.data, say));
  const stop = new AbortController();
  const end = signal.onAsked(() => stop.abort());
  const gathered = await gatherData({ ...plan, data: plan.data }, paths.data, say, stop.signal).finally(end);
  if (gathered === null) throw new Interrupted();
  return gathered;
}

/** Arrow files of this project's own. */
export async function asGathered(files: string[]): Promise<GatheredData> {
  const identities = await Promise.all(files.map(fileIdentity));
  const rows = (await Promise.all(files.map(rowsIn))).reduce((sum, count) => sum + count, 0);
  return { files, identities, rows, repeated: 0, rejected: 0 };
}

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
