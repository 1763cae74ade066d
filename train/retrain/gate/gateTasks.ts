import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { UserError } from '../../../configs/userError.js';
import { madeForTasks, prepareMade } from '../../../eval/demonstration/madeData.js';
import { loadTasks, requireTaskData, type Task } from '../../../eval/tasks/task.js';

/**
 * The tasks of a plan's gate, each once, their data there and their metrics those that the plan names.
 * @param say  told what is made of the demonstration's data
 * @throws UserError for the first that cannot be judged on
 */
export async function gateTasks({ name, gate }: RetrainingPlan, say: (line: string) => void): Promise<Task[]> {
  const found = gate.tasks.flatMap((task) => loadTasks(task, gate.tasksDir));
  const tasks = [...new Map(found.map((task) => [task.name, task])).values()];
  const names = tasks.map((task) => task.name);
  const stray = Object.keys(gate.floors).find((task) => !names.includes(task));
  if (stray !== undefined)
    throw new UserError(
      `retraining plan ${name}: gate.floors names ${stray}, which is none of its tasks: ${names.join(', ')}`,
    );
  for (const made of madeForTasks(names)) await prepareMade(made, say);
  for (const task of tasks) {
    requireTaskData(task);
    if (gate.metric !== undefined && !task.metrics.includes(gate.metric))
      throw new UserError(
        `retraining plan ${name}: gate.metric ${gate.metric} is none of task ${task.name}: ${task.metrics.join(', ')}`,
      );
  }
  return tasks;
}
