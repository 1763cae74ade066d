import { rankPlaceVariable } from '../../configs/cli/launcher.js';
import type { RankPlace } from '../engine/ranks/rankPlace.js';

/** The place of this process among the ranks that `launchRanks` started; undefined where it did not. */
export function launchedPlace(env: NodeJS.ProcessEnv): RankPlace | undefined {
  const text = env[rankPlaceVariable];
  return text === undefined ? undefined : (JSON.parse(text) as RankPlace);
}

/** What `launchRanks` sets for a rank. */
export const placeEnvironment = (place: RankPlace): Record<string, string> => ({
  [rankPlaceVariable]: JSON.stringify(place),
  LOCAL_RANK: String(place.localRank), // by which each takes a card of its own
});
