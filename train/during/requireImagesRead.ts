import type { Contract } from '../../configs/contract.js';
import type { RunConfig } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { showsImages } from '../../eval/tasks/showsImages.js';
import { loadTaskList } from '../../eval/tasks/taskList.js';
import { namedDuring } from './duringTasks.js';

/**
 * Check, before anything is trained, that the tasks of a run have no images where it reads none.
 * @throws UserError naming the first task that has
 */
export async function requireImagesRead(settings: RunConfig, contract: Contract): Promise<void> {
  if (contract.image) return;
  const { tasks, tasksDir } = settings.evaluation;
  const named = { duringTasks: namedDuring(settings), tasks: loadTaskList(tasks, tasksDir).tasks };
  for (const [setting, list] of Object.entries(named))
    for (const task of list)
      if (await showsImages(task))
        throw new UserError(
          `evaluation.${setting} names ${task.name}, which has images, and a run on training data without images reads none; ` +
            "leave it out, say images: ignore in the task's YAML file, or train on data with images",
        );
}
