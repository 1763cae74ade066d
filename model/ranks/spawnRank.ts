import { spawn, type ChildProcess } from 'node:child_process';
import { endsWithInput } from '../../configs/cli/endWithInput.js';
import { homePath } from '../../configs/cli/homePath.js';
import type { RankPlace } from '../engine/ranks/rankPlace.js';
import { placeEnvironment } from './launchedPlace.js';

/**
 * Start this command once more, as one of several ranks. It ends when this process does, since its standard input then
 * ends.
 * @param args    of the command
 * @param env     of the process, beside its place
 * @param output  what becomes of its standard output and error
 */
export function spawnRank(
  place: RankPlace,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  output: ['inherit' | 'ignore', 'inherit' | 'pipe' | 'ignore'],
): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    stdio: ['pipe', ...output, 'ipc'],
    cwd: homePath('.'), // where the loader of TypeScript is found; it goes on from there as this process did
    env: { ...env, [endsWithInput]: '1', ...placeEnvironment(place) },
  });
}
