import type { RetrainingPlan } from '../../configs/load/loadRetraining.js';
import { endAttempt, type Attempt } from './attempt.js';
import { championOf, setChampion } from './champion/champion.js';
import { appendHistory, readHistory, type HistoryEntry } from './history.js';
import { addNotice } from './tell/notify.js';
import type { PlanFolder } from './planFolder.js';
import { adapterHash, publish } from './champion/publish.js';
import { dispensable, removeAll } from './champion/retention.js';
import type { Steps } from './runStep.js';
import { version } from '../../configs/version.js';

export interface Settling extends Steps {
  plan: RetrainingPlan;
  paths: PlanFolder;
  clock: () => number;
}

/**
 * Carry out a decision: promote the challenger or leave the champion, write the history, let old runs go. Each step finds
 * out whether it is done, so that a call after an interruption does the rest and nothing twice; the retraining counts as
 * under way until the last of them.
 * @throws UserError when something cannot be written; the champion is then the old one or the new one, complete
 */
export async function settle(work: Settling, attempt: Attempt): Promise<HistoryEntry> {
  const { plan, paths, clock } = work;
  const { decision, run } = attempt;
  if (decision === undefined) throw new Error(`retraining ${attempt.id} was not decided`);
  const isPromoted = decision.outcome === 'promote';
  if (isPromoted) {
    await publish(paths, plan.publish, run, decision, work);
    if (championOf(paths) !== run) await setChampion(paths, run);
  }
  const before = (await readHistory(paths.history)).find(({ id }) => id === attempt.id);
  const champion = championOf(paths);
  const entry: HistoryEntry = before ?? {
    id: attempt.id,
    time: new Date(clock()).toISOString(),
    outcome: isPromoted ? 'promoted' : 'kept',
    run,
    champion,
    why: decision.why,
    decision,
    fingerprint: attempt.fingerprint,
    data: { identities: attempt.data.identities, rows: attempt.data.rows, added: await added(paths, attempt) },
    base: attempt.base,
    settings: attempt.settings,
    ...(champion !== null && { adapter: await adapterHash(paths, champion) }),
    version,
    seconds: { wall: secondsSince(attempt.startedMs, clock), work: attempt.workSeconds },
  };
  await conclude(work, entry);
  return entry;
}

/** End a retraining that is given up, with a line in the history. */
export async function giveUp(
  work: Settling,
  { id, run, base, startedMs, workSeconds }: Attempt,
  why: string,
): Promise<void> {
  const { paths, clock } = work;
  const champion = championOf(paths);
  const seconds = { wall: secondsSince(startedMs, clock), work: workSeconds };
  const time = new Date(clock()).toISOString();
  await conclude(work, { id, time, outcome: 'given up', run, champion, why, base, version, seconds });
}

/** What follows every decision; the history's line stands before anything is told. */
async function conclude({ plan, paths, clock, say }: Settling, entry: HistoryEntry): Promise<void> {
  await appendHistory(paths.history, entry);
  if (plan.notify !== undefined) await addNotice(paths.notices, { entry, tries: 0, failure: null });
  const history = await readHistory(paths.history);
  await removeAll(dispensable(paths, plan.keep, championOf(paths), history, clock()), say);
  await endAttempt(paths.attempt);
}

/** A clock may have been set back meanwhile. */
const secondsSince = (startMs: number, clock: () => number) => Math.max(0, clock() - startMs) / 1000;

/** Rows more than the last retraining had. */
async function added(paths: PlanFolder, { data }: Attempt): Promise<number> {
  const last = (await readHistory(paths.history)).filter((entry) => entry.data !== undefined).at(-1);
  return data.rows - (last?.data?.rows ?? 0);
}
