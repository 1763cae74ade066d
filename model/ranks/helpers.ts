import type { ChildProcess } from 'node:child_process';
import { isAskedToEnd } from '../../configs/cli/endWhenAsked.js';
import type { LauncherMessage } from '../../configs/cli/launcher.js';
import { UserError } from '../../configs/userError.js';
import { visibleCards } from '../engine/native/cards.js';
import { patienceOf } from '../engine/ranks/joinRanks.js';
import { divideMachine } from './divideMachine.js';
import { launchedByOthers } from './launcher/launchedByOthers.js';
import { withoutRanks } from './launchRanks.js';
import { howEnded, type RankEnd } from './rankEnd.js';
import { requireRanks } from './requireRanks.js';
import { spawnRank } from './spawnRank.js';
import { watchStopped, type StoppedWatch } from './watchStopped.js';

/** Processes that make embeddings beside this one, which is the first rank and does all else. */
export interface Helpers {
  /** Start them, once this process knows that the command is right and has what it downloads. */
  start(): void;
  /** End those that are left, and return when they are gone. */
  end(): Promise<void>;
}

/** How long a process that is to end may take to do so by itself. */
const endingMs = 10_000;

/**
 * Divide this machine among so many ranks, of which this process is the first: from now on it has its card, its threads
 * and its memory. To be called before its engine starts.
 * @param say  told in one line of each that fails; what it had begun others take over
 * @returns the others; undefined where there are none
 * @throws UserError for a number that this machine cannot take, or where a launcher started several processes already
 */
export function helpersBeside(ranks: number, env: NodeJS.ProcessEnv, say: (line: string) => void): Helpers | undefined {
  requireRanks(ranks, visibleCards(env));
  const others = launchedByOthers(env);
  if (others !== undefined)
    throw new UserError(
      `--ranks starts processes, and ${others.launcher} has started ${others.place.ranks} of this command already; ` +
        'leave --ranks out',
    );
  if (ranks === 1) return undefined;
  const patience = patienceOf(env).heartbeat;
  const shared = { ...env, ...divideMachine(ranks, env) };
  Object.assign(env, shared, { LOCAL_RANK: '0' });
  const running = new Map<ChildProcess, Promise<void>>();
  let isEnding = false;
  let watch: StoppedWatch | undefined;

  function startOne(rank: number, args: readonly string[]): void {
    const place = { rank, ranks, localRank: rank, localRanks: ranks, addresses: [] };
    const child = spawnRank(place, args, shared, ['ignore', 'ignore']);
    let failure: string | undefined;
    child.on('message', (message: LauncherMessage) => {
      if (message !== 'joined') failure = message.failure;
    });
    const ended = new Promise<void>((resolve) => {
      child.once('error', (error) => (failure = error.message));
      child.once('close', (code, signal) => {
        running.delete(child);
        const isStopped = watch?.hasEnded(child) === true;
        if (code !== 0 && !isEnding && !isAskedToEnd())
          say(`warning: ${wordsOf({ rank, code, signal, failure, isStopped, isEnded: false }, ranks)}`);
        resolve();
      });
    });
    running.set(child, ended);
  }

  return {
    start() {
      const args = withoutRanks(process.argv.slice(2));
      for (let rank = 1; rank < ranks; rank++) startOne(rank, args);
      watch = watchStopped(() => running.keys(), patience);
    },
    async end() {
      isEnding = true;
      watch?.end();
      for (const child of running.keys()) child.stdin?.destroy();
      const late = setTimeout(() => {
        for (const child of running.keys()) child.kill('SIGKILL');
      }, endingMs);
      await Promise.all(running.values());
      clearTimeout(late);
    },
  };
}

/** Why a helper failed, in one line. */
function wordsOf(end: RankEnd, ranks: number): string {
  const said = end.failure?.split('\n')[0]!.replace(/^error: /, '');
  const how = said === undefined ? howEnded(end) : `failed (${said})`;
  return `rank ${end.rank} of ${ranks} ${how}; the others do its part`;
}
