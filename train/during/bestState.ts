import { join } from 'node:path';
import type { Adapter } from '../../checkpoints/adapter/adapter.js';
import { readState, readStateData, stateFolders, stateName } from '../../checkpoints/run/state.js';
import { stateAdapter } from '../../checkpoints/run/stateAdapter.js';
import { UserError } from '../../configs/userError.js';
import { savedStanding } from './standing.js';

/**
 * The adapter of the update that scored best.
 * @param like  the adapter that training started from, whose settings it has
 * @throws UserError when its state is missing or damaged
 */
export async function bestAdapter(stateFolder: string, update: number, like: Adapter): Promise<Adapter> {
  const folder = join(stateFolder, stateName(update));
  try {
    return stateAdapter(await readState(folder), like);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `the best state, of update ${update}, cannot be used (${error.message}); put it back, or remove it and those after ` +
        'it, and --resume makes them again',
    );
  }
}

/**
 * The best updates that the newest states tell of: their states stay, so that whichever of the newest a run goes on from,
 * its best one is there.
 */
export async function bestOfNewest(stateFolder: string, newest: number): Promise<number[]> {
  const folders = (await stateFolders(stateFolder)).slice(-newest);
  const best = await Promise.all(
    folders.map(async (folder) => savedStanding({ data: await readStateData(folder).catch(() => ({})) }).best?.update),
  );
  return [...new Set(best.flatMap((update) => update ?? []))];
}
