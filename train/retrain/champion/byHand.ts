import { existsSync } from 'node:fs';
import { openRun, runsRoot } from '../../../checkpoints/run/folder.js';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { UserError } from '../../../configs/userError.js';
import { trainingState } from '../../processes/trainingState.js';
import { championOf, setChampion } from './champion.js';
import { appendHistory, readHistory, type HistoryEntry } from '../history.js';
import type { PlanFolder } from '../planFolder.js';
import { adapterHash, publish } from './publish.js';
import type { Steps } from '../runStep.js';
import { version } from '../version.js';

/** Make a finished run the champion by a person's word. @throws UserError when it is not finished */
export async function promoteByHand(
  plan: RetrainingPlan,
  place: PlanFolder,
  run: string,
  why: string,
  steps: Steps,
): Promise<void> {
  await openRun(runsRoot, run);
  const state = await trainingState(run);
  if (state.kind !== 'done')
    throw new UserError(`run ${run} is not finished; end it with npm run train -- --run ${run} --resume`);
  await publish(place, plan.publish, run, { outcome: 'promoted by hand', why }, steps);
  await choose(place, run, 'promoted by hand', why);
}

/**
 * Put an earlier champion back.
 * @param asked  its run, or `previous` for the one before
 * @returns the run @throws UserError when it is not kept
 */
export async function rollback(
  plan: RetrainingPlan,
  place: PlanFolder,
  asked: string,
  why = 'by hand',
): Promise<string> {
  const champion = championOf(place);
  const chosen = (await readHistory(place.history)).flatMap((entry) => (entry.outcome === 'kept' ? [] : [entry.run]));
  const kept = [...new Set(chosen.reverse())].filter((run) => run !== champion && existsSync(place.champion(run)));
  const run = asked === 'previous' ? kept[0] : kept.find((one) => one === asked);
  if (run === undefined)
    throw new UserError(
      `plan ${plan.name} keeps no earlier champion${asked === 'previous' ? '' : ` ${asked}`}; it keeps ${kept.join(', ') || 'none'}`,
    );
  await choose(place, run, 'rolled back', why);
  return run;
}

async function choose(place: PlanFolder, run: string, outcome: HistoryEntry['outcome'], why: string): Promise<void> {
  await setChampion(place, run);
  const time = new Date().toISOString();
  const adapter = await adapterHash(place, run);
  await appendHistory(place.history, {
    id: `by-hand-${time}`,
    time,
    outcome,
    run,
    champion: run,
    why,
    adapter,
    version,
  });
}
