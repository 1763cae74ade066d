import type { ChildProcess } from 'node:child_process';
import type { LauncherMessage } from '../../configs/cli/launcher.js';
import { peerFailureCode } from '../../configs/peerFailure.js';
import { patienceOf } from '../engine/ranks/joinRanks.js';
import type { CommandSignal } from '../../configs/cli/watchSignals.js';
import { divideMachine } from './divideMachine.js';
import { freePorts } from './freePorts.js';
import { howEnded, type RankEnd } from './rankEnd.js';
import { spawnRank } from './spawnRank.js';

/** After the heartbeat limit, in which the others find out: time to save what is done. */
const savingMs = 30_000;
/** What comes so soon after the first signal is no second one, as the ranks have it themselves. */
const secondSignalMs = 1000;
/** For ranks that are to end at once and may wait in an exchange, where they see no signal. */
const blockedMs = 5000;
const interrupted = 130;

/**
 * Run this command as several ranks on this machine, to the end of all of them. Rank 0 has the screen; of the others
 * only warnings are passed on. A rank that fails ends the others, at once or within the heartbeat limit; where this
 * process is killed, they save and end, since their standard input does.
 * @param args  of the command, without the number of ranks
 * @param say   is told what a rank but the first says, and in the end why a rank failed
 * @returns the exit code: that of the first rank that failed by itself
 */
export async function launchRanks(
  ranks: number,
  args: readonly string[],
  signal: CommandSignal,
  say: (words: string) => void,
): Promise<number> {
  const heartbeatMs = 1000 * patienceOf(process.env).heartbeat;
  const addresses = (await freePorts(ranks)).map((port) => `127.0.0.1:${port}`);
  const shared = { ...process.env, ...divideMachine(ranks, process.env) };
  const running = new Map<number, ChildProcess>();
  const ended = new Set<number>();
  const endAll = () => {
    for (const [rank, child] of running) {
      ended.add(rank);
      child.kill('SIGKILL');
    }
  };
  let joined = 0;
  const timers: NodeJS.Timeout[] = [];
  const endLater = (ms: number) => timers.push(setTimeout(endAll, ms));
  let askedMs: number | undefined;
  const stop = signal.onAsked((name) => {
    for (const child of running.values()) child.kill(name);
    if (askedMs !== undefined && Date.now() - askedMs > secondSignalMs) endLater(blockedMs);
    askedMs ??= Date.now();
  });
  const work = addresses.map((_, rank) => {
    const place = { rank, ranks, localRank: rank, localRanks: ranks, addresses };
    const child = spawnRank(place, args, shared, rank === 0 ? ['inherit', 'inherit'] : ['ignore', 'pipe']);
    running.set(rank, child);
    child.stderr?.setEncoding('utf8').on('data', (words: string) => say(words.trimEnd()));
    let failure: string | undefined;
    child.on('message', (message: LauncherMessage) => {
      if (message === 'joined') joined++;
      else failure = message.failure;
    });
    return new Promise<RankEnd>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, name) => {
        running.delete(rank);
        if (code !== 0 && code !== interrupted) {
          if (joined < ranks) endAll();
          else endLater(rank === 0 ? blockedMs : heartbeatMs + savingMs); // rank 0 alone has anything to save
        }
        resolve({ rank, code, signal: name, failure, isEnded: ended.has(rank) });
      });
    });
  });
  try {
    const { code, words } = verdict(await Promise.all(work), ranks);
    if (words !== undefined) say(words);
    return code;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    stop();
  }
}

/** The words of a command without the number of ranks. */
export function withoutRanks(words: readonly string[]): string[] {
  return words.filter((word, place) => !/^--ranks(=|$)/.test(word) && words[place - 1] !== '--ranks');
}

/** What several ends come to: the first rank that failed by itself tells why, those that failed for it do not. */
export function verdict(ends: readonly RankEnd[], ranks: number): { code: number; words?: string } {
  const failed = ends.filter(({ code, isEnded }) => code !== 0 && !isEnded);
  const first = failed.find(({ code }) => code !== peerFailureCode) ?? failed[0];
  if (!first) return { code: 0 };
  const { rank, code, signal, failure } = first;
  if (code === interrupted) return { code };
  if (failure !== undefined) return { code: code ?? 1, words: failure };
  if (rank === 0 && signal === null) return { code: code! }; // it has the screen, and has said why there
  return {
    code: code ?? 1,
    words: `error: rank ${rank} of ${ranks} ${howEnded(first)}; what was saved is whole, and the same command or --resume goes on`,
  };
}
