import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { suggest } from '../../configs/load/suggest.js';
import { UserError } from '../../configs/userError.js';
import { findTaskFiles, holdsTask, missingParts, requireTaskParts, splitsOf } from '../../data/task/taskFiles.js';
import { taskIdentity } from './identity.js';
import {
  defaultMetrics,
  dropsOwnDocument,
  isSet,
  namedTask,
  ownTaskFile,
  taskNames,
  type Task,
  type TaskNode,
} from './taskFile.js';

export type { Task } from './taskFile.js';

/**
 * Find tasks by name: in a folder of tasks if one is given, else in configs/tasks/, else as the path of a folder.
 * @param name      of a task or set in configs/tasks/, whose data may still have to be fetched; of a folder in the layout
 *   of BEIR or CoIR, or its path, which means its split `test` where it has one and all its splits where not; or
 *   `folder/split`, any one split; or a YAML file as configs/tasks/ holds them
 * @param tasksDir  holds such folders
 * @throws UserError when nothing has that name, or a folder lacks a part
 */
export function loadTaskTree(name: string, tasksDir?: string): TaskNode[] {
  if (/\.ya?ml$/.test(name)) return [ownTaskFile(name)];
  const folders = tasksDir === undefined ? [] : foldersIn(tasksDir);
  const [folder, split, ...rest] = name.split('/');
  if (rest.length === 0 && folders.includes(folder!)) return folderTasks(join(tasksDir!, folder!), split);
  const named = taskNames();
  if (named.includes(name)) return [namedTask(name)];
  const part = rest.length === 0 && named.includes(folder!) ? namedTask(folder!) : undefined;
  const found = part && isSet(part) ? part.members.find((member) => member.name === name) : undefined;
  if (found) return [found];
  if (/[/\\]|^\.+$/.test(name) && holdsTask(name)) return folderTasks(name);
  if (name.includes('/') && holdsTask(dirname(name))) return folderTasks(dirname(name), basename(name));
  const known = [...folders, ...named];
  const where = tasksDir === undefined ? '; a folder is found by its path, or with --tasks-dir' : ` in ${tasksDir}`;
  throw new UserError(`unknown task ${name}${where}; ${suggest(name, known)}`);
}

/** As `loadTaskTree`, the tasks of sets one after another. */
export const loadTasks = (name: string, tasksDir?: string): Task[] => loadTaskTree(name, tasksDir).flatMap(tasksOf);

/** The tasks that a node stands for. */
export const tasksOf = (node: TaskNode): Task[] => (isSet(node) ? node.members.flatMap(tasksOf) : [node]);

/** Check that a task's data is there. @throws UserError naming the part that is missing, and how to get it */
export function requireTaskData({ name, folder, split, download, byHand, judgements }: Task): void {
  if (judgements) return;
  const parts = missingParts(folder).filter((part) => !part.startsWith('qrels'));
  const missing = splitsOf(folder).includes(split) ? parts : [...parts, `qrels/${split}.tsv`];
  if (missing.length > 0 && download !== undefined)
    throw new UserError(
      `the data of task ${name} is not complete: ${folder} lacks ${missing.join(', ')}; ` +
        `npm run data -- download ${download} gets it, or put it there by hand${byHand ? `: ${byHand}` : ''}`,
    );
  requireTaskParts(folder);
  findTaskFiles(folder, split);
}

function folderTasks(folder: string, split?: string): Task[] {
  requireTaskParts(folder);
  // By its real name: the path may end in `.` or `..`.
  const name = basename(resolve(folder));
  if (name === '') throw new UserError(`${folder} has no name that results could bear; put the task into a folder`);
  const task = (as: string, chosen: string): Task => {
    const identity = taskIdentity({ set: name, part: null, split: chosen, titles: 'use' });
    const found: Task = {
      name: as,
      identity,
      folder,
      split: chosen,
      metrics: defaultMetrics,
      ignoreIdenticalIds: dropsOwnDocument(identity.set),
      titles: 'use',
      isFolder: true,
    };
    requireTaskData(found);
    return found;
  };
  const splits = splitsOf(folder);
  if (split !== undefined) return [task(`${name}/${split}`, split)];
  if (splits.includes('test')) return [task(name, 'test')];
  return splits.map((each) => task(`${name}/${each}`, each));
}

/** Folders that hold at least one part of a task. */
function foldersIn(tasksDir: string): string[] {
  if (!existsSync(tasksDir)) throw new UserError(`--tasks-dir ${tasksDir} does not exist`);
  const names = readdirSync(tasksDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name);
  const folders = names.filter((name) => holdsTask(join(tasksDir, name)));
  if (folders.length === 0 && missingParts(tasksDir).length === 0)
    throw new UserError(
      `--tasks-dir ${tasksDir} is a task itself; give the folder above it and --tasks ${basename(tasksDir)}`,
    );
  return folders.sort();
}
