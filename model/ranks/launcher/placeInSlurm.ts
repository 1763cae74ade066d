import { execFileSync } from 'node:child_process';
import { UserError } from '../../../configs/userError.js';
import { firstPort, wholeNumber } from './environmentNumbers.js';
import type { LauncherPlace } from './launcherPlace.js';

/**
 * The place that `srun` gives to a task, tasks in blocks (`--distribution=block`, its default). In a job's own script or an
 * interactive job there is no step of several tasks, and so no place.
 * @param hostnames  the machines of a node list such as `gpu[1-3]`
 * @throws UserError where tasks are not in blocks, or the machines cannot be had
 */
export function placeInSlurm(
  env: NodeJS.ProcessEnv,
  hostnames: (nodes: string) => string[] = askScontrol,
): LauncherPlace | undefined {
  const ranks = wholeNumber(env, 'SLURM_STEP_NUM_TASKS');
  if (ranks === undefined || ranks < 2) return undefined;
  const rank = wholeNumber(env, 'SLURM_PROCID');
  const localRank = wholeNumber(env, 'SLURM_LOCALID');
  const nodes = env['SLURM_STEP_NODELIST'];
  if (rank === undefined || localRank === undefined || nodes === undefined)
    throw new UserError('Slurm names several tasks, but not SLURM_PROCID, SLURM_LOCALID and SLURM_STEP_NODELIST');
  const machines = hostnames(nodes);
  const counts = tasksPerNode(env['SLURM_STEP_TASKS_PER_NODE'] ?? String(ranks / machines.length));
  if (counts.length !== machines.length || counts.reduce((sum, count) => sum + count, 0) !== ranks)
    throw new UserError(
      `Slurm names ${machines.length} machines (${nodes}) and ${env['SLURM_STEP_TASKS_PER_NODE']} tasks on them, ` +
        `which is not ${ranks} tasks`,
    );
  const port = firstPort(env, 20_000 + ((wholeNumber(env, 'SLURM_JOB_ID') ?? 0) % 10_000));
  const addresses = machines.flatMap((machine, node) =>
    Array.from({ length: counts[node]! }, (_, local) => `${machine}:${port + local}`),
  );
  let [node, before] = [0, 0];
  while (before + counts[node]! <= rank) before += counts[node++]!;
  if (rank - before !== localRank)
    throw new UserError(
      `Slurm task ${rank} has the local number ${localRank}, which is not in blocks; add --distribution=block to srun`,
    );
  const place = { rank, ranks, localRank, localRanks: counts[node]!, addresses };
  const threads = wholeNumber(env, 'SLURM_CPUS_PER_TASK');
  return { launcher: 'Slurm', place, ...(threads !== undefined && { threads }) };
}

/** `4(x2),3` is 4, 4, 3. */
function tasksPerNode(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [, count, times = '1'] = /^(\d+)(?:\(x(\d+)\))?$/.exec(part) ?? [];
    if (count === undefined) throw new UserError(`SLURM_STEP_TASKS_PER_NODE must be like 4(x2),3; got ${text}`);
    return Array.from({ length: Number(times) }, () => Number(count));
  });
}

function askScontrol(nodes: string): string[] {
  if (/^[\w.-]+$/.test(nodes)) return [nodes];
  try {
    const printed = execFileSync('scontrol', ['show', 'hostnames', nodes], { encoding: 'utf8', timeout: 60_000 });
    return printed.trim().split('\n');
  } catch (error) {
    throw new UserError(
      `scontrol could not name the machines of SLURM_STEP_NODELIST ${nodes} (${(error as Error).message.split('\n')[0]}); ` +
        'TF_CONFIG can name them instead',
    );
  }
}
