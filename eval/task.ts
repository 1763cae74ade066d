import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import YAML from 'yaml';
import { z } from 'zod';
import { namesIn } from '../configs/names.js';
import { suggest } from '../configs/suggest.js';
import { UserError } from '../configs/userError.js';
import { metricDepth } from './metrics.js';

/** What a model is judged on, and by what. */
export interface Task {
  /** `folder` or `folder/split`. */
  name: string;
  /** Data in BEIR layout. */
  folder: string;
  /** A file qrels/<split>.tsv. */
  split: string;
  /** Names that `scoreRun` knows; the first is the one that models are compared by. */
  metrics: string[];
  /** Leave out the document that has the query's own id, as BEIR does. */
  ignoreIdenticalIds: boolean;
}

const defaultMetrics = ['ndcg@10', 'mrr@10', 'recall@100'];

const taskFile = z.strictObject({
  folder: z.string(),
  split: z.string().default('test'),
  metrics: z.array(z.string()).min(1).default(defaultMetrics),
  ignoreIdenticalIds: z.boolean().default(false),
});

/**
 * Find tasks by name: in a folder of tasks if one is given, else in configs/tasks/.
 * @param name      of a folder in BEIR layout, which means its split `test` where it has one and all its splits where
 *   not; `folder/split`, any one split; or a file of configs/tasks/, whose data may still have to be made
 * @param tasksDir  holds folders in BEIR layout
 * @throws UserError when nothing has that name, or a folder lacks a part
 */
export function loadTasks(name: string, tasksDir?: string): Task[] {
  const folders = tasksDir === undefined ? [] : foldersIn(tasksDir);
  const [folder, split, ...rest] = name.split('/');
  if (rest.length === 0 && folders.includes(folder!)) return folderTasks(join(tasksDir!, folder!), split);
  const named = namesIn('tasks');
  if (named.includes(name)) return [readTask(fileURLToPath(new URL(`../configs/tasks/${name}.yaml`, import.meta.url)))];
  const known = [...folders, ...named];
  const where = tasksDir === undefined ? '; a folder in BEIR layout is found with --tasks-dir' : ` in ${tasksDir}`;
  throw new UserError(`unknown task ${name}${where}; ${suggest(name, known)}`);
}

/** Check that a task's data is there. @throws UserError naming the part that is missing */
export function requireTaskData(task: Task): void {
  requireParts(task.folder);
  const splits = splitsOf(task.folder);
  if (!splits.includes(task.split))
    throw new UserError(`task ${basename(task.folder)} has no split ${task.split}; ${suggest(task.split, splits)}`);
}

/**
 * Read a task's YAML file, as configs/tasks/ holds them. Its folder is relative to this checkout, or absolute.
 * @throws UserError when a setting is missing or unknown
 */
export function readTask(file: string): Task {
  const result = taskFile.safeParse(YAML.parse(readFileSync(file, 'utf8')));
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    throw new UserError(`${file}: ${path.join('.')}: ${message}`);
  }
  metricDepth(result.data.metrics);
  const folder = resolve(fileURLToPath(new URL('..', import.meta.url)), result.data.folder);
  return { name: basename(file, '.yaml'), ...result.data, folder };
}

function folderTasks(folder: string, split?: string): Task[] {
  requireParts(folder);
  const task = (name: string, chosen: string): Task => {
    const found = { name, folder, split: chosen, metrics: defaultMetrics, ignoreIdenticalIds: true };
    requireTaskData(found);
    return found;
  };
  const name = basename(folder);
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
  const folders = names.filter((name) => parts.some((part) => existsSync(join(tasksDir, name, part))));
  if (folders.length === 0 && parts.every((part) => existsSync(join(tasksDir, part))))
    throw new UserError(
      `--tasks-dir ${tasksDir} is a task itself; give the folder above it and --tasks ${basename(tasksDir)}`,
    );
  return folders.sort();
}

const parts = ['corpus.jsonl', 'queries.jsonl', 'qrels'];

function requireParts(folder: string): void {
  const missing = parts.filter((part) => !existsSync(join(folder, part)));
  if (missing.length > 0)
    throw new UserError(`${folder} must hold corpus.jsonl, queries.jsonl and qrels/; it lacks ${missing.join(', ')}`);
  if (splitsOf(folder).length === 0) throw new UserError(`${join(folder, 'qrels')} must hold at least one .tsv file`);
}

function splitsOf(folder: string): string[] {
  return readdirSync(join(folder, 'qrels'))
    .filter((file) => file.endsWith('.tsv'))
    .map((file) => file.slice(0, -'.tsv'.length))
    .sort();
}
