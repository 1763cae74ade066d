import { lookup } from 'node:dns/promises';
import { UserError } from '../../../configs/userError.js';
import type { RankPlace } from '../../engine/ranks/rankPlace.js';
import { divideMachine } from '../divideMachine.js';
import { hostOf, type LauncherPlace } from './launcherPlace.js';
import { placeOfProcesses } from './placeOfProcesses.js';
import { placeInSlurm } from './placeInSlurm.js';
import { placeInTfConfig } from './placeInTfConfig.js';

/**
 * What the environment says of several processes started by TensorFlow's `TF_CONFIG`, Slurm's srun, torchrun, Open MPI or
 * MPICH, the first of them that is there; undefined where this process is alone.
 * Source: TensorFlow's TFConfigClusterResolver and SlurmClusterResolver; torchrun's and the MPIs' environment variables.
 * @throws UserError where what it says is no place among several
 */
export function launchedByOthers(env: NodeJS.ProcessEnv): LauncherPlace | undefined {
  const found = placeInTfConfig(env) ?? placeInSlurm(env) ?? placeOfProcesses(env);
  return found !== undefined && found.place.ranks > 1 ? found : undefined;
}

/** Machines on which ranks run, by the names they have in their addresses. */
export const machinesOf = ({ addresses }: RankPlace): string[] => [...new Set(addresses.map(hostOf))];

/** Where ranks are, in one line. */
export function describeRanks(place: RankPlace): string {
  const machines = machinesOf(place);
  if (machines.length === 1) return `${place.ranks} on this machine, whose threads and memory they share`;
  return `${place.ranks} on ${machines.length} machines: ${listed(machines)}`;
}

/**
 * Require that several machines may talk, and that their names mean something here.
 * @param trusted  the user has said that the network between them is
 */
export async function requireMachines(place: RankPlace, trusted: boolean): Promise<void> {
  const machines = machinesOf(place);
  if (machines.length > 1 && !trusted)
    throw new UserError(
      `the ranks are on ${machines.length} machines (${listed(machines)}), and whoever reaches their ports can run graphs ` +
        'as you; where the network between them is trusted, add --trust-network',
    );
  for (const machine of machines)
    try {
      await lookup(machine);
    } catch {
      throw new UserError(
        `the machine ${machine}, where rank ${place.addresses.findIndex((address) => hostOf(address) === machine)} ` +
          'listens, is not known here: name machines as each of the others can reach them',
      );
    }
}

const listed = (names: readonly string[]) =>
  names.length > 4 ? `${names.slice(0, 3).join(', ')}, ... ${names.at(-1)}` : names.join(', ');

/** What this process is to set before its engine starts: its card, and its part of the machine. */
export function launchedEnvironment(
  { place, threads, launcher }: LauncherPlace,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  // torchrun sets OMP_NUM_THREADS=1 where the user has said nothing: no wish of anyone.
  const said = launcher === 'torchrun' && env['OMP_NUM_THREADS'] === '1' ? { ...env, OMP_NUM_THREADS: undefined } : env;
  return {
    ...divideMachine(place.localRanks, said),
    ...(threads !== undefined && { TF_NUM_INTRAOP_THREADS: env['TF_NUM_INTRAOP_THREADS'] ?? String(threads) }),
    LOCAL_RANK: String(place.localRank),
  };
}
