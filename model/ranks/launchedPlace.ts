import { rankPlaceVariable } from '../../configs/cli/launcher.js';
import type { RankPlace } from '../engine/ranks/rankPlace.js';

const launcherVariable = 'TERCET_LAUNCHER';

/** The place of this process among the ranks that `launchRanks` started; undefined where it did not. */
export function launchedPlace(env: NodeJS.ProcessEnv): RankPlace | undefined {
  const text = env[rankPlaceVariable];
  return text === undefined ? undefined : (JSON.parse(text) as RankPlace);
}

/** The process that launched this one as a rank. */
export function launcherOf(env: NodeJS.ProcessEnv): number | undefined {
  const text = env[launcherVariable];
  return text === undefined ? undefined : Number(text);
}

/** What `launchRanks` sets for a rank. */
export const placeEnvironment = (place: RankPlace): Record<string, string> => ({
  [rankPlaceVariable]: JSON.stringify(place),
  [launcherVariable]: String(process.pid),
  LOCAL_RANK: String(place.localRank), // by which each takes a card of its own
});
