import { UserError } from '../../../configs/userError.js';
import type { RankPlace } from '../../engine/ranks/rankPlace.js';
import { launchedPlace } from '../launchedPlace.js';
import { launchedByOthers, launchedEnvironment, machinesOf, requireMachines } from './launchedByOthers.js';

/** Of a command that several ranks may share. */
interface Asked {
  ranks: number | undefined;
  'trust-network': boolean;
  'dry-run': boolean;
}

/**
 * The place of this process among the ranks of one command, launched by this project or by others; undefined where it is
 * alone, and may itself launch ranks. `env` is told this process's part of the machine.
 * @throws UserError where the options do not fit that place
 */
export async function rankPlaceOf(asked: Asked, env: NodeJS.ProcessEnv): Promise<RankPlace | undefined> {
  const own = launchedPlace(env);
  const others = own === undefined ? launchedByOthers(env) : undefined;
  const machines = others ? machinesOf(others.place) : [];
  if (asked['trust-network'] && own === undefined && machines.length < 2)
    throw new UserError('--trust-network has no effect where all is done on one machine; leave it out');
  if (!others) return own;
  const { launcher, place } = others;
  if (asked.ranks !== undefined)
    throw new UserError(
      `--ranks starts processes, and ${launcher} has started ${place.ranks} of this command already; leave --ranks out`,
    );
  if (asked['dry-run'])
    throw new UserError(
      `--dry-run tells what one process takes; give it without ${launcher}, which started ${place.ranks}`,
    );
  await requireMachines(place, asked['trust-network']);
  Object.assign(env, launchedEnvironment(others, env));
  return place;
}
