import type { Task } from './taskFile.js';

/** A name for the folder of a task's results: a split is set off by a dash. */
export const taskFolderName = ({ name }: Pick<Task, 'name'>): string => name.replace(/[/\\]/g, '-');
