import { existsSync } from 'node:fs';
import { openRun, runsRoot } from '../../checkpoints/run/folder.js';
import type { RetrainingPlan } from '../../configs/load/loadRetraining.js';
import { UserError } from '../../configs/userError.js';
import { trainingState } from '../processes/trainingState.js';
import { championOf, setChampion } from './champion/champion.js';
import { appendHistory, isByHand, isChoice, readHistory, type HistoryEntry } from './history.js';
import type { PlanFolder } from './planFolder.js';
import { predecessors } from './champion/predecessors.js';
import { adapterHash, hasForm, publish } from './champion/publish.js';
import type { Steps } from './runStep.js';
import { addNotice } from './tell/notify.js';
import { version } from '../../configs/version.js';

/** Make a finished run the champion by a person's word. @throws UserError when it is not finished */
export async function promoteByHand(
  plan: RetrainingPlan,
  paths: PlanFolder,
  run: string,
  why: string,
  steps: Steps,
): Promise<void> {
  await openRun(runsRoot, run);
  const state = await trainingState(run);
  if (state.kind !== 'done')
    throw new UserError(`run ${run} is not finished; end it with npm run train -- --run ${run} --resume`);
  await publish(paths, plan.publish, run, { outcome: 'promoted by hand', why }, steps);
  await choose(plan, paths, run, 'promoted by hand', why);
}

/**
 * Put an earlier champion back.
 * @param asked  its run, or `previous` for the one before
 * @returns the run @throws UserError when it is not kept, or not in the form that the plan publishes
 */
export async function rollback(
  plan: RetrainingPlan,
  paths: PlanFolder,
  asked: string,
  why = 'by hand',
): Promise<string> {
  const champion = championOf(paths);
  const history = await readHistory(paths.history);
  const isKept = (run: string) => run !== champion && existsSync(paths.champion(run));
  const chosen = history.filter(isChoice).map((entry) => entry.run);
  const kept = [...new Set(chosen.reverse())].filter(isKept);
  const run = asked === 'previous' ? predecessors(history).find(isKept) : kept.find((one) => one === asked);
  if (run === undefined)
    throw new UserError(
      `plan ${plan.name} keeps no earlier champion${asked === 'previous' ? '' : ` ${asked}`}; it keeps ${kept.join(', ') || 'none'}`,
    );
  if (!hasForm(paths, plan.publish, run))
    throw new UserError(
      `champion ${run} was published without ${plan.publish}/, which the plan publishes now; --promote ${run} --why TEXT makes it`,
    );
  await choose(plan, paths, run, 'rolled back', why);
  return run;
}

/** Carry out a person's word whose call ended between the history's line and the link. */
export async function finishByHand(paths: PlanFolder): Promise<void> {
  const last = (await readHistory(paths.history)).at(-1);
  if (last === undefined || !isByHand(last) || championOf(paths) === last.run) return;
  if (existsSync(paths.champion(last.run))) await setChampion(paths, last.run);
}

/** The history first: what it says and was not done yet, the next call does. */
async function choose(
  plan: RetrainingPlan,
  paths: PlanFolder,
  run: string,
  outcome: HistoryEntry['outcome'],
  why: string,
): Promise<void> {
  const time = new Date().toISOString();
  const adapter = await adapterHash(paths, run);
  const id = `by-hand-${time}`;
  const entry: HistoryEntry = { id, time, outcome, run, champion: run, why, adapter, version };
  await appendHistory(paths.history, entry);
  await setChampion(paths, run);
  if (plan.notify !== undefined) await addNotice(paths.notices, { entry, tries: 0, failure: null });
}
