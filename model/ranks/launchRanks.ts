import type { ChildProcess } from 'node:child_process';
import type { LauncherMessage } from '../../configs/cli/launcher.js';
import { peerFailureCode } from '../../configs/peerFailure.js';
import { patienceOf } from '../engine/ranks/joinRanks.js';
import { isStopSignal, stopSignals } from '../../configs/stopSignals.js';
import type { CommandSignal } from '../../configs/cli/watchSignals.js';
import { divideMachine } from './divideMachine.js';
import { freePorts } from './freePorts.js';
import { howEnded, type RankEnd } from './rankEnd.js';
import { spawnRank } from './spawnRank.js';
import { watchStopped } from './watchStopped.js';

/** After the heartbeat limit, in which the others find out: time to save what is done. */
const savingMs = 30_000;
/** What comes so soon after the first signal is no second one, as the ranks have it themselves. */
const secondSignalMs = 1000;
/** For ranks that are to end at once and may wait in an exchange, where they see no signal. */
const blockedMs = 5000;
const interrupted = 130;
const [, request] = stopSignals;

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
  const { heartbeat } = patienceOf(process.env);
  const addresses = (await freePorts(ranks)).map((port) => `127.0.0.1:${port}`);
  const shared = { ...process.env, ...divideMachine(ranks, process.env) };
  const running = new Map<number, ChildProcess>();
  // Before all have joined nobody else notices one that is stopped, for as long as ranks wait for one that never comes.
  const watch = watchStopped(() => running.values(), heartbeat);
  const ended = new Set<number>();
  const endAll = () => {
    for (const [rank, child] of running) {
      ended.add(rank);
      child.kill('SIGKILL');
    }
  };
  let joined = 0;
  const timers: NodeJS.Timeout[] = [];
  const later = (ms: number, what: () => void) => timers.push(setTimeout(what, ms));
  const pass = (name: NodeJS.Signals) => {
    for (const child of running.values()) child.kill(name);
  };
  let askedMs: number | undefined;
  /** Where they exchange nothing, as while they score, no rank knows what became of another. Twice would be "at once". */
  const ask = () => {
    if (askedMs === undefined) pass(request);
    askedMs ??= Date.now();
  };
  const stop = signal.onAsked((name) => {
    pass(name);
    const isSecond = askedMs !== undefined && Date.now() - askedMs > secondSignalMs;
    if (isSecond || joined < ranks) later(blockedMs, endAll);
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
        if (code !== 0) {
          if (joined < ranks) endAll();
          else if (isInterrupted({ code, signal: name })) ask();
          else if (rank === 0) later(blockedMs, endAll);
          else {
            later(1000 * heartbeat, ask);
            later(1000 * heartbeat + savingMs, endAll); // rank 0 alone has anything to save
          }
        }
        const isStopped = watch.hasEnded(child);
        resolve({ rank, code, signal: name, failure, isStopped, isEnded: ended.has(rank) });
      });
    });
  });
  try {
    const { code, words } = verdict(await Promise.all(work), ranks);
    if (words !== undefined) say(words);
    return code;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    watch.end();
    stop();
  }
}

/** Whether someone asked a rank to end, who may have asked that one alone. */
const isInterrupted = ({ code, signal }: Pick<RankEnd, 'code' | 'signal'>) =>
  code === interrupted || isStopSignal(signal);

/** The words of a command without the number of ranks. */
export function withoutRanks(words: readonly string[]): string[] {
  return words.filter((word, place) => !/^--ranks(=|$)/.test(word) && words[place - 1] !== '--ranks');
}

/** What several ends come to: the first rank that failed by itself tells why, those that failed for it do not. */
export function verdict(ends: readonly RankEnd[], ranks: number): { code: number; words?: string } {
  const failed = ends.filter(({ code, isEnded }) => code !== 0 && !isEnded);
  const first =
    failed.find((end) => end.code !== peerFailureCode && !isInterrupted(end)) ??
    failed.find(isInterrupted) ??
    failed[0];
  if (!first) return { code: 0 };
  const { rank, code, signal, failure } = first;
  if (isInterrupted(first)) return { code: interrupted };
  if (failure !== undefined) return { code: code ?? 1, words: failure };
  if (rank === 0 && signal === null) return { code: code! }; // it has the screen, and has said why there
  return {
    code: code ?? 1,
    words: `error: rank ${rank} of ${ranks} ${howEnded(first)}; what was saved is whole, and the same command or --resume goes on`,
  };
}
