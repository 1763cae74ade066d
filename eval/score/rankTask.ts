import type { RetrievalTask } from '../../data/task/readTask.js';
import { metricDepth, withoutIdenticalIds } from '../measure/metrics.js';
import { mapRun } from '../measure/packedRun.js';
import type { Retriever, Run } from '../measure/ranking.js';
import type { Task } from '../tasks/task.js';

/**
 * Rank the documents of a task for each of its queries, as deep as its metrics look.
 * @param data        of the task, or a sample of it
 * @param onProgress  told how many texts are done of all
 */
export async function rankTask(
  retriever: Retriever,
  { metrics, ignoreIdenticalIds }: Pick<Task, 'metrics' | 'ignoreIdenticalIds'>,
  data: RetrievalTask,
  onProgress?: (done: number, all: number) => void,
): Promise<Run> {
  const depth = metricDepth(metrics);
  const found = await retriever.retrieve(data, depth + (ignoreIdenticalIds ? 1 : 0), onProgress);
  return mapRun(ignoreIdenticalIds ? withoutIdenticalIds(found) : found, (ranking) => ranking.slice(0, depth));
}
