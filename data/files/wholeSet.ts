import { basename, dirname, join } from 'node:path';
import { UserError } from '../../configs/userError.js';

/**
 * Check that files which are numbered parts of something, as `train-00001-of-00005.parquet`, are all of its parts, once
 * each. Other files do not matter.
 * @throws UserError naming the part that is missing, comes twice or belongs to another set
 */
export function requireWholeSets(paths: readonly string[]): void {
  const sets = new Map<string, Part[]>();
  for (const part of paths.flatMap(partOf)) sets.set(part.set, [...(sets.get(part.set) ?? []), part]);
  for (const parts of sets.values()) requireWhole(parts);
}

/** Whether a file name says that it is one of several parts. */
export const isPart = (path: string): boolean => partOf(path).length > 0;

/** By the numbers in their names where they have any, else by their names. */
export function byPart(one: string, other: string): number {
  const [first, second] = [partOf(one)[0], partOf(other)[0]];
  const isSameSet = first !== undefined && first.set === second?.set;
  return isSameSet && first.number !== second.number ? first.number - second.number : one < other ? -1 : 1;
}

interface Part {
  path: string;
  /** What all parts have in common: folder and name up to the number. */
  set: string;
  number: number;
  of: number;
  ending: string;
}

/** The hub's older files have a hash of their own behind the number. */
const PART = /^(.*?)-(\d+)-of-(\d+)(?:-[0-9a-f]{16})?((?:\.\w+)*)$/;

function partOf(path: string): Part[] {
  const [, name, number, of, ending] = PART.exec(basename(path)) ?? [];
  if (name === undefined) return [];
  return [{ path, set: join(dirname(path), name), number: Number(number), of: Number(of), ending: ending! }];
}

function requireWhole(parts: Part[]): void {
  const [first] = parts as [Part, ...Part[]];
  const stranger = parts.find(({ of, ending }) => of !== first.of || ending !== first.ending);
  if (stranger)
    throw new UserError(
      `${first.path} and ${stranger.path} are parts of two different sets; leave all parts of one of them`,
    );
  const numbers = parts.map(({ number }) => number).sort((one, other) => one - other);
  const twice = parts.find(({ number }, index) => parts.findIndex((part) => part.number === number) < index);
  if (twice)
    throw new UserError(`part ${twice.number} of ${first.of} of ${first.set} comes twice, as ${twice.path} too`);
  // Parquet and JSON lines are counted from 0, weights from 1.
  const begin = numbers.includes(0) || !numbers.includes(first.of) ? 0 : 1;
  const missing = Array.from({ length: first.of }, (_, position) => begin + position).find(
    (each) => !numbers.includes(each),
  );
  const width = /-(\d+)-of-/.exec(basename(first.path))![1]!.length;
  const named = (number: number) =>
    basename(first.path)
      .replace(/-\d+-of-/, `-${`${number}`.padStart(width, '0')}-of-`)
      .replace(/-[0-9a-f]{16}(?=\.)/, '');
  if (missing !== undefined)
    throw new UserError(
      `${first.set} is not whole: of its ${first.of} parts ${named(missing)} is missing; get it, or rename what is to count alone`,
    );
  const beyond = numbers.find((number) => number < begin || number >= begin + first.of);
  if (beyond !== undefined)
    throw new UserError(`${named(beyond)} is none of the ${first.of} parts of ${first.set}; rename it`);
}
