import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { metricDepth } from '../measure/metrics.js';
import { taskFolderName } from './folderName.js';
import { judgementTasks } from './judgementTasks.js';
import { loadTaskTree, tasksOf } from './task.js';
import { isSet, type Task, type TaskNode } from './taskFile.js';

/** What a user may say of tasks besides their names. */
export interface TaskOptions {
  /** Instead of what is usual for folders; what configs/tasks/ says of a named task stands. */
  ignoreIdenticalIds?: boolean | undefined;
  /** Instead of each task's own; the first is the one that models are compared by. */
  metrics?: readonly string[] | undefined;
  /** Take tasks without corpus and queries too. */
  judgementsSuffice?: boolean;
}

/** Tasks that are judged in one go. */
export interface TaskList {
  /** As they were asked for: tasks and sets, each once. */
  nodes: TaskNode[];
  /** Every task once, no two of one name. */
  tasks: Task[];
}

/**
 * Find tasks as `loadTaskTree` does. Names of folders that are not the same for all of them are taken further up their paths,
 * so that none takes another's place: `./small/scifact` and `./other/scifact` are small/scifact and other/scifact.
 * @throws UserError when one is not found, or two cannot be told apart
 */
export function loadTaskList(names: readonly string[], tasksDir?: string, options: TaskOptions = {}): TaskList {
  const found = names
    .flatMap((name) => (options.judgementsSuffice && judgementTasks(name)) || loadTaskTree(name, tasksDir))
    .map((node) => changed(node, options));
  requireEffect(found.flatMap(tasksOf), options);
  const all = found.flatMap(tasksOf);
  const unique = [...new Map(all.map((task) => [`${task.name} ${keyOf(task)}`, task])).values()];
  const longer = new Map<string, string>();
  for (const rivals of collisions(unique)) {
    const foreign = rivals.filter(({ isFolder }) => isFolder);
    for (const task of foreign) longer.set(keyOf(task), distinctName(task, rivals, unique));
  }
  const renamed = (node: TaskNode): TaskNode =>
    isSet(node)
      ? { ...node, members: node.members.map(renamed) }
      : { ...node, name: (node.isFolder && longer.get(keyOf(node))) || node.name };
  const nodes = [...new Map(found.map(renamed).map((node) => [JSON.stringify(node), node])).values()];
  const tasks = [...new Map(nodes.flatMap(tasksOf).map((task) => [`${task.name} ${keyOf(task)}`, task])).values()];
  const [alike] = collisions(tasks);
  if (alike)
    throw new UserError(
      `${alike.map(({ folder, split }) => `${folder} (${split})`).join(' and ')} would both be called ${alike[0]!.name}; ` +
        'evaluate them one after the other, each with an --output of its own, or rename a folder',
    );
  return { nodes, tasks };
}

function changed(node: TaskNode, options: TaskOptions): TaskNode {
  if (isSet(node)) return { ...node, members: node.members.map((member) => changed(member, options)) };
  const { ignoreIdenticalIds = node.ignoreIdenticalIds } = node.isFolder ? options : {};
  return { ...node, ignoreIdenticalIds, metrics: [...(options.metrics ?? node.metrics)] };
}

function requireEffect(tasks: readonly Task[], { ignoreIdenticalIds, metrics }: TaskOptions): void {
  if (metrics) metricDepth(metrics);
  const named = tasks.find(({ isFolder }) => !isFolder);
  if (ignoreIdenticalIds === undefined || !named) return;
  throw new UserError(
    `--${ignoreIdenticalIds ? '' : 'no-'}ignore-identical-ids has no effect on ${named.name}, whose file in configs/tasks/ says it; leave it out, or name a folder`,
  );
}

/** Equal for tasks that are judged alike on the same data. */
function keyOf({ folder, split, titles, images, language, metrics, ignoreIdenticalIds }: Task): string {
  return JSON.stringify([realPath(folder), split, titles, images, language, metrics, ignoreIdenticalIds]);
}

/** Groups of different tasks whose results would lie in one folder, also where disks do not heed case. */
function collisions(tasks: readonly Task[]): Task[][] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const folder = taskFolderName(task).toLowerCase();
    groups.set(folder, [...(groups.get(folder) ?? []), task]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** The shortest end of the task's path that no other task has. */
function distinctName(task: Task, rivals: readonly Task[], all: readonly Task[]): string {
  const parents = resolve(task.folder).split(sep).filter(Boolean).slice(0, -1);
  const endOf = (other: Task, depth: number) =>
    resolve(other.folder)
      .split(sep)
      .slice(-1 - depth)
      .join('/');
  for (let depth = 1; depth <= parents.length; depth++) {
    const before = parents.slice(-depth).join('/');
    const folderName = taskFolderName({ name: `${before}/${task.name}` }).toLowerCase();
    const isTaken =
      all.some((other) => taskFolderName(other).toLowerCase() === folderName) ||
      rivals.some((other) => other !== task && other.isFolder && endOf(other, depth) === endOf(task, depth));
    if (!isTaken) return `${before}/${task.name}`;
  }
  return task.name;
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder); // the data of a named task may still have to be fetched
  }
}
