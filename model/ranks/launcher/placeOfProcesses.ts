import { UserError } from '../../../configs/userError.js';
import { firstPort, wholeNumber } from './environmentNumbers.js';
import type { LauncherPlace } from './launcherPlace.js';

/** Machines in the order of ranks, where the launcher does not tell the processes their names. */
const hostsVariable = 'TERCET_HOSTS';

interface Launcher {
  launcher: string;
  rank: string;
  ranks: string;
  localRank: string;
  localRanks: string;
}

const launchers: Launcher[] = [
  {
    launcher: 'torchrun',
    ...{ rank: 'RANK', ranks: 'WORLD_SIZE', localRank: 'LOCAL_RANK', localRanks: 'LOCAL_WORLD_SIZE' },
  },
  {
    launcher: 'Open MPI',
    ...{ rank: 'OMPI_COMM_WORLD_RANK', ranks: 'OMPI_COMM_WORLD_SIZE' },
    ...{ localRank: 'OMPI_COMM_WORLD_LOCAL_RANK', localRanks: 'OMPI_COMM_WORLD_LOCAL_SIZE' },
  },
  {
    launcher: 'MPICH',
    ...{ rank: 'PMI_RANK', ranks: 'PMI_SIZE', localRank: 'MPI_LOCALRANKID', localRanks: 'MPI_LOCALNRANKS' },
  },
];

/**
 * The place that torchrun, Open MPI or MPICH gives to a process. They do not name the machines: on several,
 * `TERCET_HOSTS` does, each with as many processes as the others.
 * @throws UserError where machines are missing, or numbers do not fit each other
 */
export function placeOfProcesses(env: NodeJS.ProcessEnv): LauncherPlace | undefined {
  for (const { launcher, ...names } of launchers) {
    const ranks = wholeNumber(env, names.ranks);
    const rank = wholeNumber(env, names.rank);
    const localRank = wholeNumber(env, names.localRank);
    if (ranks === undefined || ranks < 2 || rank === undefined || localRank === undefined) continue;
    const localRanks = wholeNumber(env, names.localRanks) ?? ranks;
    const hosts = hostsOf(env, launcher, ranks, localRanks);
    if (rank >= ranks || rank % localRanks !== localRank)
      throw new UserError(
        `${launcher} names process ${rank} of ${ranks}, the ${localRank}th of ${localRanks} on its machine; processes must ` +
          'be in blocks, as many on each machine',
      );
    // torchrun itself may hold its port.
    const port = firstPort(env, (wholeNumber(env, 'MASTER_PORT') ?? 29_500) + 1);
    const addresses = hosts.flatMap((host) =>
      Array.from({ length: localRanks }, (_, local) => `${host}:${port + local}`),
    );
    return { launcher, place: { rank, ranks, localRank, localRanks, addresses } };
  }
  return undefined;
}

function hostsOf(env: NodeJS.ProcessEnv, launcher: string, ranks: number, localRanks: number): string[] {
  const named = (env[hostsVariable] ?? '').split(',').flatMap((host) => host.trim() || []);
  const machines = ranks / localRanks;
  if (machines === 1 && named.length === 0) return ['127.0.0.1'];
  if (named.length === machines) return named;
  throw new UserError(
    `${launcher} started ${ranks} processes, ${localRanks} on this machine, and does not name the machines: set ` +
      `${hostsVariable}=first,second,... on each, in the order of their processes, as many processes on each; got ` +
      (named.length === 0 ? 'nothing' : `${named.length} for ${machines}`),
  );
}
