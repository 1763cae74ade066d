import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { namesIn } from '../../configs/load/names.js';
import { pathOf } from '../../configs/load/pathOf.js';
import { openYaml, readYaml, type YamlFile } from '../../configs/load/readYaml.js';
import { suggest } from '../../configs/load/suggest.js';
import { UserError } from '../../configs/userError.js';
import type { ImageUse, TitleUse } from '../../data/task/documents.js';
import { metricDepth } from '../measure/metrics.js';
import { taskIdentity, type TaskIdentity } from './identity.js';

/** What a model is judged on, and by what. */
export interface Task {
  /** `folder` or `folder/split`. */
  name: string;
  /** Which task it is, whatever its name and place. */
  identity: TaskIdentity;
  /** Data in the layout of BEIR, CoIR, mteb or MS MARCO. */
  folder: string;
  /** That the judgements are of. */
  split: string;
  /** Names that `scoreRun` knows; the first is the one that models are compared by. */
  metrics: string[];
  /** Leave out the document that has the query's own id, as BEIR does, judged or not. */
  ignoreIdenticalIds: boolean;
  /** CoIR's own harness leaves titles out, mteb and BEIR join them with the text. */
  titles: TitleUse;
  /** Images are left aside, so that models of texts can be scored on the words beside them. */
  images?: Extract<ImageUse, 'ignore'>;
  /** Queries in this language alone, by their column `language`. */
  language?: string;
  /** The files of its judgements where corpus and queries are not there: a run file alone can be scored. */
  judgements?: string[];
  /** Found by the path of its folder, from which its name is taken. */
  isFolder?: true;
  /** What `npm run data -- download` calls the data; absent where nothing downloads it. */
  download?: string;
  /** What to put where without that command. */
  byHand?: string;
}

/** Several tasks under one name, perhaps with a mean over them. */
export interface TaskSet {
  name: string;
  isAveraged: boolean;
  members: TaskNode[];
}

export type TaskNode = Task | TaskSet;

export const isSet = (node: TaskNode): node is TaskSet => 'members' in node;

export const defaultMetrics = ['ndcg@10', 'mrr@10', 'recall@100'];

const single = z.strictObject({
  folder: z.string(),
  set: z.string().optional().describe('what public figures on it are found by, where the file has another name'),
  split: z.string().default('test'),
  metrics: z.array(z.string()).min(1).default(defaultMetrics),
  ignoreIdenticalIds: z.boolean().default(false),
  titles: z.enum(['use', 'ignore']).default('use'),
  images: z.enum(['use', 'ignore']).default('use'),
  language: z.string().optional().describe('of the queries, as their column language says'),
  download: z.string().optional(),
  byHand: z.string().optional(),
  parts: z.array(z.string()).min(1).optional().describe('folders within the folder, each a task; the mean counts'),
});

const several = z.strictObject({
  tasks: z.array(z.string()).min(1),
  average: z.boolean().default(false),
});

/** A task that leaves titles out has a twin that searches them, under its name with this behind it. */
const titled = '-titled';

/** Names of tasks and sets that users may write. */
export function taskNames(): string[] {
  const named = namesIn('tasks');
  const twins = named.filter((name) => leavesTitlesOut(name)).map((name) => name + titled);
  return [...named, ...twins].sort();
}

/** Whether the named task of a set leaves out the document with the query's own id; a set without a name keeps it. */
export function dropsOwnDocument(set: string): boolean {
  if (!namesIn('tasks').includes(set)) return false;
  const raw = readYaml(fileOf(set)) as { ignoreIdenticalIds?: boolean };
  return raw?.ignoreIdenticalIds ?? false;
}

/** The task or set of a name in configs/tasks/; its data may still have to be fetched. */
export function namedTask(name: string): TaskNode {
  const isTwin = name.endsWith(titled) && !namesIn('tasks').includes(name);
  const node = readTaskFile(fileOf(isTwin ? name.slice(0, -titled.length) : name));
  return isTwin ? withTitles(node) : node;
}

/**
 * Read a task's YAML file, as configs/tasks/ holds them. Its folder is relative to this checkout, or absolute; the files of
 * a user's own are read by `ownTaskFile`.
 * @throws UserError when a setting is missing or unknown
 */
export const readTaskFile = (file: string): TaskNode => readNode(file, checkout, (name) => namedMember(name, file));

/**
 * Read a YAML file of a user's own. Its folder, and the files that a set of tasks names, are relative to the file.
 * @param within  files that name this one, outermost first
 * @throws UserError when it is missing, damaged, names itself, or has a setting that is missing or unknown
 */
export function ownTaskFile(file: string, within: readonly string[] = []): TaskNode {
  if (within.includes(resolve(file)))
    throw new UserError(`${file} is a task of its own tasks, by way of ${within.join(', ')}; leave it out`);
  const member = (name: string): TaskNode => {
    if (/\.ya?ml$/.test(name)) return ownTaskFile(resolve(dirname(file), name), [...within, resolve(file)]);
    return namedMember(name, file);
  };
  return readNode(file, dirname(resolve(file)), member);
}

function namedMember(name: string, file: string): TaskNode {
  const known = namesIn('tasks').flatMap((each) => [each, each + titled]);
  if (!known.includes(name)) throw new UserError(`${file}: tasks: unknown task ${name}; ${suggest(name, known)}`);
  return namedTask(name);
}

/** @param from  what a relative folder is relative to */
function readNode(file: string, from: string, member: (name: string) => TaskNode): TaskNode {
  const { raw, placeOf } = parseTaskFile(file);
  const name = basename(file).replace(/\.ya?ml$/, '');
  if ('tasks' in raw) {
    const { tasks, average } = check(several, raw, placeOf);
    return { name, isAveraged: average, members: tasks.map(member) };
  }
  const { parts, set = name, download, byHand, images, language, ...settings } = check(single, raw, placeOf);
  metricDepth(settings.metrics);
  const folder = resolve(from, settings.folder);
  const identityOf = (part: string | null) =>
    taskIdentity({ set, part: part ?? language ?? null, split: settings.split, titles: settings.titles });
  const identity = identityOf(null);
  const task: Task = {
    ...{ name, identity, ...settings, folder },
    ...(images === 'ignore' && { images }),
    ...(language !== undefined && { language }),
    ...(download && { download }),
    ...(byHand && { byHand }),
  };
  if (!parts) return task;
  const members = parts.map((part) => ({
    ...task,
    name: `${name}/${part}`,
    identity: identityOf(part),
    folder: join(folder, part),
  }));
  return { name, isAveraged: true, members };
}

function check<T>(schema: z.ZodType<T>, raw: unknown, placeOf: YamlFile['placeOf']): T {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const name = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new UserError(`${placeOf(pathOf(issue))}: ${name}${issue.message}`);
}

function parseTaskFile(file: string): { raw: Record<string, unknown>; placeOf: YamlFile['placeOf'] } {
  const { value: raw, placeOf } = openYaml(file);
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw))
    return { raw: raw as Record<string, unknown>, placeOf };
  throw new UserError(`${file} must hold the settings of a task as name: value, such as folder: my-task`);
}

const checkout = fileURLToPath(new URL('../..', import.meta.url));

const fileOf = (name: string) => fileURLToPath(new URL(`../../configs/tasks/${name}.yaml`, import.meta.url));

function leavesTitlesOut(name: string): boolean {
  const raw = readYaml(fileOf(name)) as { titles?: string };
  return raw?.titles === 'ignore';
}

function withTitles(node: TaskNode): TaskNode {
  const rename = (name: string) => name.replace(/^[^/]+/, (first) => first + titled);
  return isSet(node)
    ? { ...node, name: rename(node.name), members: node.members.map(withTitles) }
    : { ...node, name: rename(node.name), identity: { ...node.identity, titles: 'use' }, titles: 'use' };
}
