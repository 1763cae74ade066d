import { PeerFailure } from '../../configs/peerFailure.js';
import { GivenUp } from '../step/givenUp.js';
import type { Collective } from '../../model/engine/ranks/collective.js';
import type { TokenizerThreads } from '../../data/tokenizer/threads.js';
import { loadTaskList } from '../../eval/tasks/taskList.js';
import { attachAdapter } from '../../model/layer/lora.js';
import { bestAdapter } from '../during/bestState.js';
import { runEncoder } from '../during/runEncoder.js';
import { embedForRun } from '../finish/evaluateRun.js';
import type { SharedRun } from './shareRun.js';

/** Between two looks for a rank that is gone, which heartbeats tell of later than that anyway. */
const betweenLooksMs = 2000;

/**
 * Encode along with rank 0, which scores the trained adapter and its base on this machine: what each makes is kept where
 * all of them find it. Where that is not to be, rank 0 does it alone.
 * @param last      update that this rank made
 * @param exported  update whose adapter is scored
 * @param isAsked   whether it is to stop: what is done by then is kept
 * @param warn      told why it could not go on
 * @returns whether it was asked to stop before all was encoded
 * @throws PeerFailure once another rank is gone: rank 0, most likely, for which it encodes
 */
export async function scoreAlong(
  run: SharedRun,
  collective: Collective,
  threads: TokenizerThreads,
  last: number,
  exported: number,
  isAsked: () => boolean,
  warn: (text: string) => void,
): Promise<boolean> {
  const { model, adapter, record, paths } = run;
  const { tasks: names, tasksDir, batchTokens, cacheGigabytes } = record.settings.evaluation;
  const given = reasonToEnd(collective, isAsked, Date.now);
  try {
    if (exported !== last) attachAdapter(model, await bestAdapter(paths.state, exported, adapter));
    const encoder = runEncoder(run, threads, batchTokens, given);
    const { tasks } = loadTaskList(names, tasksDir);
    await embedForRun(tasks, paths, record.base.name, model, encoder, { cacheBytes: cacheGigabytes * 1e9 });
  } catch (error) {
    if (error instanceof GivenUp) return true;
    if (error instanceof PeerFailure) throw error;
    warn(`it takes no further part in scoring, which the others do: ${(error as Error).message.split('\n')[0]}`);
  }
  return false;
}

/**
 * Why encoding along is to end, asked after each turn of it: because this rank was asked to stop, or because another is gone,
 * most likely the one that would search among the embeddings.
 * @param clockMs  at which time it is asked
 */
export function reasonToEnd(
  collective: Pick<Collective, 'lost'>,
  isAsked: () => boolean,
  clockMs: () => number,
): () => Error | undefined {
  let nextLookMs = -Infinity;
  return () => {
    if (isAsked()) return new GivenUp();
    if (clockMs() < nextLookMs) return undefined;
    nextLookMs = clockMs() + betweenLooksMs;
    return collective.lost();
  };
}
