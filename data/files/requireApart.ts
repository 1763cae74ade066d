import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { requireWritable } from './makeFolder.js';

/** A place that a command is told to write to. */
export interface OutputPlace {
  /** As the user stated it, such as `--output`. */
  option: string;
  path: string;
  /** All below a folder counts as replaced. */
  kind: 'file' | 'folder';
}

/**
 * Require that nothing a command reads is replaced by what it writes, by whatever spelling, link or hard link it is named,
 * that no output lies in a folder that another replaces, and that all outputs can be written.
 * @param inputs  files and folders; those that do not exist do not count
 * @throws UserError before anything is written
 */
export async function requireApart(outputs: readonly OutputPlace[], inputs: readonly string[]): Promise<void> {
  for (const output of outputs) {
    await requireWritable(output.path);
    for (const input of inputs) {
      const what = await destroyed(output, input);
      if (what !== undefined)
        throw new UserError(`${output.option} ${output.path} would replace ${what}, which is read; name another place`);
    }
    for (const other of outputs)
      if (
        other !== output &&
        other.kind === 'folder' &&
        isBelow(await realPlace(output.path), await realPlace(other.path))
      )
        throw new UserError(
          `${output.option} ${output.path} lies in ${other.path}, which ${other.option} replaces; name another place`,
        );
  }
}

/** @returns what of the input would be replaced, in words */
async function destroyed({ path, kind }: OutputPlace, input: string): Promise<string | undefined> {
  const [there, read] = await Promise.all([path, input].map((each) => stat(each, { bigint: true }).catch(() => null)));
  if (!read) return undefined;
  if (there && there.dev === read.dev && there.ino === read.ino) return `the input ${input}`;
  const [place, source] = await Promise.all([realPlace(path), realPlace(input)]);
  if (kind === 'folder' && isBelow(source, place)) return `the folder of the input ${input}`;
  if (kind === 'file' && there && read.isDirectory() && isBelow(place, source)) return `a file of ${input}`;
  return undefined;
}

/** Where a path leads, links followed, also when it does not exist yet. */
async function realPlace(path: string): Promise<string> {
  const whole = resolve(path);
  try {
    return await realpath(whole);
  } catch {
    return dirname(whole) === whole ? whole : join(await realPlace(dirname(whole)), basename(whole));
  }
}

const isBelow = (inner: string, outer: string) =>
  inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : `${outer}${sep}`);
