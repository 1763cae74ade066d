import { availableParallelism } from 'node:os';
import { availableMemory, memoryLimitVariable } from '../machine.js';

/**
 * What each of several ranks on this machine is to take of it: threads and memory, in equal parts. What the user has
 * said stays, and counts for each.
 */
export function divideMachine(
  ranks: number,
  env: NodeJS.ProcessEnv,
  { cores = availableParallelism(), memory = availableMemory() } = {},
): Record<string, string> {
  const threads = String(Math.max(1, Math.floor(cores / ranks)));
  return {
    TF_NUM_INTRAOP_THREADS: env['TF_NUM_INTRAOP_THREADS'] ?? env['OMP_NUM_THREADS'] ?? threads,
    [memoryLimitVariable]: env[memoryLimitVariable] ?? String(Math.floor(memory / ranks / 1e6)),
  };
}
