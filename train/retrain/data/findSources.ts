import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { glob } from 'tinyglobby';
import { UserError } from '../../../configs/userError.js';

/** How a file is called that is still being written, tells of rejected rows, or holds the images of the one beside it. */
const passedOver = /^\.|\.(?:part|partial|tmp|rejects\.jsonl|images\.arrow)$|\.partial-/;

/**
 * The files that a plan's data names: files as they are, all files of a folder and of its folders, and what patterns
 * such as `incoming/*.jsonl` match. Each once, in the order of the list, sorted within an entry.
 * @throws UserError when a file or folder does not exist, or an entry gives no file
 */
export async function findSources(plan: string, entries: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of entries) {
    const files = await filesOf(plan, entry);
    if (files.length === 0)
      throw new UserError(`retraining plan ${plan}: data names ${entry}, which holds no file; put training data there`);
    found.push(...files);
  }
  return [...new Set(found)];
}

async function filesOf(plan: string, entry: string): Promise<string[]> {
  const stat = statSync(entry, { throwIfNoEntry: false });
  if (stat?.isFile()) return [entry];
  const options = { onlyFiles: true, followSymbolicLinks: false };
  if (stat?.isDirectory()) {
    const inside = await glob('**/*', { ...options, cwd: entry });
    return inside
      .filter(isSource)
      .sort()
      .map((name) => `${entry.replace(/\/+$/, '')}/${name}`);
  }
  if (!/[*?[{]/.test(entry))
    throw new UserError(`retraining plan ${plan}: data names ${entry}, which does not exist; correct it`);
  return (await glob(entry, options)).filter(isSource).sort();
}

/** Told by its name alone: the `ignore` of a glob passes over nothing outside the working directory. */
const isSource = (path: string) => !passedOver.test(basename(path));
