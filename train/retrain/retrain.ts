import type { RetrainingPlan } from '../../configs/load/loadRetraining.js';
import type { Task } from '../../eval/tasks/task.js';
import { clearAborted, trainingState } from '../processes/trainingState.js';
import { endAttempt, readAttempt, writeAttempt, type Attempt } from './attempt.js';
import { isUnchanged, newAttempt, requireSound, whatIsAsked } from './beginAttempt.js';
import { finishByHand } from './byHand.js';
import { championOf, wholeChampion } from './champion/champion.js';
import { readHistory, type HistoryEntry } from './history.js';
import { judge } from './gate/judge.js';
import type { PlanFolder } from './planFolder.js';
import { writePlanOwner } from './planOwner.js';
import { Interrupted, orInterrupted, runStep, StepFailure, type Steps } from './runStep.js';
import { giveUp, settle, type Settling } from './settle.js';

/** How a call ended: one that went on with an interrupted retraining may have decided twice. */
export type RetrainingEnd = { kind: 'nothing new'; since: string } | { kind: 'decided'; entries: HistoryEntry[] };

export interface RetrainingCall extends Steps {
  plan: RetrainingPlan;
  paths: PlanFolder;
  tasks: readonly Task[];
  /** Train even where nothing is new. */
  force: boolean;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/**
 * One retraining from beginning to end: find the data, train a challenger, judge it against the champion, promote it or keep
 * the champion. One that was interrupted comes first; whatever ends this process, the next call goes on where it was, and
 * ends as this one would have. The caller holds the plan's lock.
 * @throws Interrupted when a signal came, StepFailure or UserError when it cannot go on
 */
export async function retrain(call: RetrainingCall): Promise<RetrainingEnd> {
  const { plan, paths } = call;
  await finishByHand(paths);
  wholeChampion(paths);
  const entries: HistoryEntry[] = [];
  const attempt = await unfinished(call);
  if (attempt !== undefined) entries.push(await finish(call, attempt));
  const asked = await whatIsAsked(plan, paths, call);
  const last = (await readHistory(paths.history)).filter(({ fingerprint }) => fingerprint !== undefined).at(-1);
  const isForced = call.force && entries.length === 0;
  if (!isForced && last?.fingerprint === asked.fingerprint)
    return entries.length > 0 ? { kind: 'decided', entries } : { kind: 'nothing new', since: last.time };
  await orInterrupted(call.signal, requireSound(plan, asked.data, call.tasks));
  const next = newAttempt(plan, paths, asked, call.clock());
  await writePlanOwner(plan, paths);
  await writeAttempt(paths.attempt, next);
  return { kind: 'decided', entries: [...entries, await finish(call, next)] };
}

/**
 * Carry out what is decided already, so that a person's word comes after it.
 * @throws UserError when it cannot be carried out
 */
export async function finishDecided(call: Settling): Promise<void> {
  await finishByHand(call.paths);
  const attempt = await readAttempt(call.paths.attempt);
  if (attempt?.decision !== undefined && isOfChampion(call.paths, attempt)) await settle(call, attempt);
}

/** Calls that may fail at the same retraining before the next one begins anew. */
const mostTries = 3;

/** The retraining to go on with: one whose data changed meanwhile, or that failed too often, is given up. */
async function unfinished(call: RetrainingCall): Promise<Attempt | undefined> {
  const { paths, say } = call;
  const attempt = await readAttempt(paths.attempt);
  if (attempt === undefined) return undefined;
  const why = attempt.decision === undefined ? await whyGivenUp(attempt) : undefined;
  if (why !== undefined) {
    say(`gave up retraining ${attempt.id}: ${why}`);
    await giveUp(call, attempt, why);
    return undefined;
  }
  say(`going on with retraining ${attempt.id}`);
  if (attempt.decision === undefined || isOfChampion(paths, attempt)) return attempt;
  say('the champion changed since the challenger was judged; it is judged again');
  const { decision, champion, ...undecided } = attempt;
  return undecided;
}

async function whyGivenUp(attempt: Attempt): Promise<string | undefined> {
  const { tries, failure } = attempt;
  if (tries >= mostTries) return `it failed ${tries} times${failure === undefined ? '' : `, at last so: ${failure}`}`;
  return (await isUnchanged(attempt)) ? undefined : 'its training data changed since it began';
}

/** Whether a decision is about the champion of now: the one it was made against, or the challenger that it promoted. */
const isOfChampion = (place: PlanFolder, { champion, run }: Attempt) => [champion, run].includes(championOf(place));

async function finish(call: RetrainingCall, attempt: Attempt): Promise<HistoryEntry> {
  return settle(call, attempt.decision === undefined ? await decided(call, attempt) : attempt);
}

/** Train and judge; the decision is written down before anything is done about it. */
async function decided(call: RetrainingCall, attempt: Attempt): Promise<Attempt> {
  const { paths, plan, tasks } = call;
  const startMs = call.clock();
  const worked = () => ({
    ...attempt,
    workSeconds: attempt.workSeconds + Math.max(0, call.clock() - startMs) / 1000,
  });
  try {
    await train(call, attempt);
    const champion = championOf(paths);
    const decision = await judge(plan, tasks, paths, attempt.run, champion, call);
    const ended = { ...worked(), champion, decision };
    await writeAttempt(paths.attempt, ended);
    return ended;
  } catch (error) {
    await recordFailure(paths, worked(), error).catch(() => {}); // what failed first is what a person should read
    throw error;
  }
}

/**
 * What a training blames on what it was told, before it began, would fail again: the next call looks at the data anew. Whatever
 * else fails is tried again where it was, a few times: hours of training are not thrown away for a full disk.
 */
async function recordFailure(paths: PlanFolder, attempt: Attempt, error: unknown): Promise<void> {
  const isRefused = error instanceof StepFailure && error.isMistake;
  if (error instanceof Interrupted) await writeAttempt(paths.attempt, attempt);
  else if (isRefused && (await trainingState(attempt.run)).kind === 'to do') await endAttempt(paths.attempt);
  else {
    const failure = (error as Error).message.split('\n')[0]!;
    await writeAttempt(paths.attempt, { ...attempt, tries: attempt.tries + 1, failure });
  }
}

async function train(call: RetrainingCall, { run, training }: Attempt): Promise<void> {
  const state = await trainingState(run);
  if (state.kind === 'done') return;
  if (state.kind === 'to do') await clearAborted(run);
  const args = state.kind === 'unfinished' ? ['--run', run, '--resume'] : training;
  await runStep(call, 'train', args);
}
