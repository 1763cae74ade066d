import type { TitleUse } from '../../data/task/documents.js';
import { findPublic, isOfCoir, publicTasks, type PublicTask } from './publicTasks.js';

/** Which task results are of. Figures of others stand beside ours where all four are the same, and only there. */
export interface TaskIdentity {
  /** As BEIR or CoIR name it; the name of the folder for tasks of one's own. */
  set: string;
  /** A forum or language that is a task of its own. */
  part: string | null;
  /** The queries: `test`, `dev`; of MS MARCO also `dl19` and `dl20`. */
  split: string;
  titles: TitleUse;
}

/** As public tasks are spelled. BEIR and MTEB call the queries of TREC Deep Learning 2019 the split `test` of MS MARCO. */
export function taskIdentity({ set, part, split, titles }: TaskIdentity): TaskIdentity {
  const known = findPublic(part === null ? set : `${set}/${part}`);
  const own = known ?? { set, part };
  const named = own.set === 'msmarco' ? (marcoSplits[split] ?? split) : split;
  return { set: own.set, part: own.part ?? part, split: named, titles };
}

/**
 * What somebody calls a task: its name in BEIR, CoIR or MTEB in any spelling, perhaps with a part, `-titled` and a split,
 * `/` or `-` between them.
 * @param stated  what is known besides the name, and stands above it
 */
export function identityOfName(
  name: string,
  stated: { split?: string | undefined; titles?: TitleUse | undefined } = {},
): TaskIdentity {
  const untitled = name.replace(/-titled(?=\/|$)/, '');
  const deep = /^(?:msmarco[-/]?)?(?:trec[-/]?)?dl[-/]?(?:20)?(19|20)$/i.exec(untitled);
  const [, place, inName] = /^(.+?)[-/](test|dev|train|dl19|dl20)$/.exec(untitled) ?? [];
  const setName = place !== undefined && (untitled.includes('/') || findPublic(place)) ? place : untitled;
  const isSplit = setName !== untitled;
  const found = deep ? { set: 'msmarco', part: null } : (findPublic(setName) ?? partsOf(setName, stated.split));
  // Tables say MS MARCO where they mean its 6,980 queries.
  const usual = deep ? `dl${deep[1]}` : isSplit ? inName! : found.set === 'msmarco' ? 'dev' : 'test';
  const titles = stated.titles ?? (name === untitled && isCoirSet(found.set) ? 'ignore' : 'use');
  return taskIdentity({ ...found, split: stated.split ?? usual, titles });
}

export const isSameTask = (one: TaskIdentity, other: TaskIdentity): boolean => taskKey(one) === taskKey(other);

/** Equal for the same task alone. */
export const taskKey = ({ set, part, split, titles }: TaskIdentity): string =>
  JSON.stringify([set, part, split, titles]);

/** What is known of a public task. */
export const publicTaskOf = ({ set, part }: TaskIdentity): PublicTask | undefined =>
  publicTasks.find((task) => task.set === set && task.part === part);

const marcoSplits: Record<string, string> = {
  test: 'dl19',
  'trec-dl-2019': 'dl19',
  'trec-dl-2020': 'dl20',
  'dev.small': 'dev',
  'dev-small': 'dev',
};

const isCoirSet = (set: string) => publicTasks.some((task) => task.set === set && isOfCoir(task));

/** `folder/part`, of a set of one's own; a split that is stated besides is no part. */
function partsOf(name: string, split: string | undefined): { set: string; part: string | null } {
  const [set, ...rest] = name.split('/');
  const part = rest.filter((each, index) => index < rest.length - 1 || each !== split).join('/');
  return { set: set!, part: part === '' ? null : part };
}
