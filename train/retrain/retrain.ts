import type { RetrainingPlan } from '../../configs/load/loadRetraining.js';
import { UserError } from '../../configs/userError.js';
import type { Task } from '../../eval/tasks/task.js';
import { clearAborted, trainingState } from '../processes/trainingState.js';
import { endAttempt, readAttempt, writeAttempt, type Attempt } from './attempt.js';
import { isUnchanged, newAttempt, requireSound, whatIsAsked } from './beginAttempt.js';
import { championOf } from './champion/champion.js';
import { readHistory, type HistoryEntry } from './history.js';
import { judge } from './judge.js';
import type { PlanFolder } from './planFolder.js';
import { runStep, StepFailure, type Steps } from './runStep.js';
import { settle } from './settle.js';

/** How a call ended. */
export type RetrainingEnd = { kind: 'nothing new'; since: string } | { kind: 'decided'; entry: HistoryEntry };

export interface RetrainingCall extends Steps {
  plan: RetrainingPlan;
  place: PlanFolder;
  tasks: readonly Task[];
  /** Train even where nothing is new. */
  force: boolean;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/**
 * One retraining from beginning to end, or the rest of one that was interrupted: find the data, train a challenger, judge
 * it against the champion, promote it or keep the champion. Whatever ends this process, the next call goes on where it
 * was, and ends as this one would have. The caller holds the plan's lock.
 * @throws Interrupted when a signal came, StepFailure or UserError when it cannot go on
 */
export async function retrain(call: RetrainingCall): Promise<RetrainingEnd> {
  const { plan, place } = call;
  let attempt = await unfinished(call);
  if (attempt === undefined) {
    const asked = await whatIsAsked(plan, place, call);
    const last = (await readHistory(place.history)).filter(({ fingerprint }) => fingerprint !== undefined).at(-1);
    if (!call.force && last?.fingerprint === asked.fingerprint) return { kind: 'nothing new', since: last.time };
    await requireSound(plan, asked.data, call.tasks);
    attempt = newAttempt(plan, place, asked, call.clock());
    await writeAttempt(place.attempt, attempt);
  }
  if (attempt.decision === undefined) attempt = await decided(call, attempt);
  return { kind: 'decided', entry: await settle(call, attempt) };
}

/** Calls that may fail at the same retraining before the next one begins anew. */
const mostTries = 3;

/** The retraining to go on with: one whose data changed meanwhile, or that failed too often, is given up. */
async function unfinished({ place, say }: RetrainingCall): Promise<Attempt | undefined> {
  const attempt = await readAttempt(place.attempt);
  if (attempt === undefined) return undefined;
  const giveUp = async (why: string) => {
    say(`gave up retraining ${attempt.id}: ${why}`);
    await endAttempt(place.attempt);
    return undefined;
  };
  if (attempt.decision === undefined && attempt.tries >= mostTries) return giveUp(`it failed ${attempt.tries} times`);
  if (attempt.decision === undefined && !(await isUnchanged(attempt)))
    return giveUp('its training data changed since it began');
  say(`going on with retraining ${attempt.id}`);
  return attempt;
}

/** Train and judge; the decision is written down before anything is done about it. */
async function decided(call: RetrainingCall, attempt: Attempt): Promise<Attempt> {
  const { place, plan, tasks } = call;
  const startMs = call.clock();
  const worked = () => ({ ...attempt, workSeconds: attempt.workSeconds + (call.clock() - startMs) / 1000 });
  try {
    await train(call, attempt);
    const champion = championOf(place);
    const decision = await judge(plan, tasks, place, attempt.run, champion, call);
    const ended = { ...worked(), champion, decision };
    await writeAttempt(place.attempt, ended);
    return ended;
  } catch (error) {
    // What a command blames on what it was told would fail again: the next call looks at the data anew.
    if (error instanceof StepFailure && error.isMistake) await endAttempt(place.attempt);
    else await writeAttempt(place.attempt, { ...worked(), tries: attempt.tries + Number(error instanceof UserError) });
    throw error;
  }
}

async function train(call: RetrainingCall, { run, training }: Attempt): Promise<void> {
  const state = await trainingState(run);
  if (state.kind === 'done') return;
  if (state.kind === 'to do') await clearAborted(run);
  const args = state.kind === 'unfinished' ? ['--run', run, '--resume'] : training;
  await runStep(call, 'train', args);
}
