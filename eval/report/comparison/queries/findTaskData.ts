import { UserError } from '../../../../configs/userError.js';
import { loadTasks } from '../../../tasks/task.js';
import type { FindTask } from './queryView.js';

/**
 * How the data of a task is found by the name that its results bear.
 * @param tasksDirs  folders that hold tasks, besides those that configs/tasks/ knows
 */
export function findTaskData(tasksDirs: readonly string[]): FindTask {
  return (name) => {
    for (const folder of [...tasksDirs, undefined]) {
      try {
        const found = loadTasks(name, folder).find((task) => task.name === name);
        if (found) return found;
      } catch (error) {
        if (!(error instanceof UserError)) throw error; // this folder does not hold it
      }
    }
    return undefined;
  };
}
