import { resolveDatasets, type Dataset } from '../../configs/load/datasetFile.js';
import { UserError } from '../../configs/userError.js';
import { requireTaskData, type Task } from '../../eval/tasks/task.js';
import type { AskedRun } from './askedRun.js';

/** The data sets that training and tasks need, each once. */
export function neededSets({
  data,
  tasks,
}: {
  data: Pick<AskedRun['data'], 'sets'>;
  tasks: readonly Task[];
}): Dataset[] {
  const ofTasks = tasks.flatMap((task) => (task.download === undefined || lackOf(task) === undefined ? [] : [task]));
  const names = [...data.sets.flatMap(({ import: { needs } }) => needs), ...ofTasks.map(({ download }) => download!)];
  const all = [...data.sets, ...resolveDatasets([...new Set(names)])];
  return [...new Map(all.map((dataset) => [dataset.name, dataset])).values()];
}

/** Why a task cannot be scored yet; undefined where all its data is here. */
export function lackOf(task: Task): string | undefined {
  try {
    requireTaskData(task);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
