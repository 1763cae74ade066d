import { denseRetriever } from '../../eval/dense/denseRetriever.js';
import type { Encoder } from '../../eval/encoder/encoder.js';
import { scoreRun } from '../../eval/measure/metrics.js';
import { rankTask } from '../../eval/score/rankTask.js';
import { shortName, type DuringTask, type ScoredOn } from './duringTasks.js';

/** Means on a task, or a sample of it, that an adapter had while it was trained. */
export interface DuringScore {
  on: ScoredOn;
  /** The first is the one that counts. */
  metrics: Record<string, number>;
}

/**
 * Score a model as it is now. Its embeddings are not kept: the next update makes others, and they would take the room of
 * those that are used again.
 * @param onProgress  told what is scored, and how many texts are done of all
 */
export async function scoreNow(
  tasks: readonly DuringTask[],
  encoder: Encoder,
  onProgress: (name: string, done: number, all: number) => void,
): Promise<DuringScore[]> {
  const retriever = denseRetriever(encoder, { cacheBytes: 0 });
  const scores: DuringScore[] = [];
  for (const { task, data, scoredOn } of tasks) {
    const name = shortName(scoredOn);
    const run = await rankTask(retriever, task, data, (done, all) => onProgress(name, done, all));
    scores.push({ on: scoredOn, metrics: scoreRun(run, data.qrels, task.metrics).mean });
  }
  return scores;
}
