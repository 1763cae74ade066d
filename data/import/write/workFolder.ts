import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../files/makeFolder.js';
import { UserError } from '../../../configs/userError.js';
import { explainWriteFailure } from '../../files/explainWriteFailure.js';
import { tryLock } from '../../../setup/lock/lock.mjs';
import type { Rejected } from '../../example/rejects.js';
import { removeOwnFolder, requireOwnFolder } from '../../files/ownFolder.js';
import { writeBeside } from '../../files/writeBeside.js';
import { explainReadFailure } from '../../files/read/explainReadFailure.js';
import { changedSource } from '../source/stopped.js';

/** What an import was told to do. */
export interface ImportOrder {
  inputs: InputFile[];
  /** Null where the content tells. */
  format: string | null;
  /** What becomes of images; absent where rows have none. */
  images?: string;
}

/** A file that an import reads, as it was when the import began. */
export interface InputFile {
  path: string;
  bytes: number;
  modifiedMs: number;
}

/** How far an import has come: all that lies behind this is on the disk. */
export interface ImportProgress {
  /** The next row: of which source, at which byte of its uncompressed content (or row of a Parquet file), after which line. */
  place: Place;
  /** Beginning of that source that has been read. */
  read: { bytes: number; sha256: string };
  /** SHA-256 of the sources before it. */
  hashes: string[];
  rows: number;
  rowsWithoutNegatives: number;
  rejected: Rejected[];
  /** Bytes of the files of rows, of images and of rejects. */
  length: number;
  imagesLength: number;
  rejectsLength: number;
}

export interface Place {
  source: number;
  offset: number;
  line: number;
}

/** The folder beside an output in which it is made; what a stopped import did stays there. */
export interface WorkFolder {
  path: string;
  /** Path of a file within. */
  at(name: string): string;
  /** What an earlier process did, when it did any of this order. */
  progress: ImportProgress | null;
  save(progress: ImportProgress): Promise<void>;
  /** Remove the folder, or give it free for a later process to go on. */
  remove(): Promise<void>;
  release(): void;
}

/** What an import is made in lies beside its output. */
export const workFolderPath = (output: string) => `${output}.import`;

/** All that an import puts there, with the locks and expanded copies of texts to look up. */
const workFiles = /^(lock(\.[\w.-]+)?|progress\.json|rows\.arrow|images\.arrow|rejects\.jsonl|collection|queries)$/;

/**
 * Make the work folder of an output, or find what a stopped import of the same order left there.
 * @throws UserError when the output cannot be written, another process is at it, or the order is not the same
 */
export async function openWorkFolder(output: string, order: ImportOrder): Promise<WorkFolder> {
  const folder = workFolderPath(output);
  const at = (name: string) => join(folder, name);
  let taken: ReturnType<typeof tryLock>;
  try {
    await makeFolder(dirname(output), output);
    if ((await stat(output).catch(() => undefined))?.isDirectory())
      throw new UserError(`cannot write ${output}: it is a folder; name a file`);
    await requireOwnFolder(folder, workFiles);
    await makeFolder(folder, output);
    taken = tryLock(at('lock'));
  } catch (error) {
    throw explainWriteFailure(error, output);
  }
  const { lock, holder } = taken;
  if (!lock)
    throw new UserError(
      `${output} is being imported by ${holder}; wait for it, or end it; remove ${at('lock')} if that process is gone`,
    );
  try {
    const progress = await readProgress(at, folder, order);
    return {
      path: folder,
      at,
      progress,
      save: (reached) => writeBeside(at('progress.json'), JSON.stringify({ order, progress: reached })),
      remove: async () => void (await removeOwnFolder(folder, workFiles)),
      release: () => lock.release(),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The files as they are now. @throws UserError when one cannot be read */
export async function inputFiles(paths: string[]): Promise<InputFile[]> {
  const files: InputFile[] = [];
  for (const path of paths) {
    const found = await stat(path).catch((error) => {
      throw explainReadFailure(error, path);
    });
    files.push({ path: resolve(path), bytes: found.size, modifiedMs: found.mtimeMs });
  }
  return files;
}

async function readProgress(
  at: (name: string) => string,
  folder: string,
  order: ImportOrder,
): Promise<ImportProgress | null> {
  const saved = await readSaved(at('progress.json'));
  if (saved === null) return null;
  const { order: earlier, progress } = saved;
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  const paths = (inputs: InputFile[]) => inputs.map((input) => input.path);
  if (
    !same(paths(earlier.inputs), paths(order.inputs)) ||
    earlier.format !== order.format ||
    earlier.images !== order.images
  )
    throw new UserError(
      `${folder} holds the beginning of another import (of ${paths(earlier.inputs).join(', ')}); ` +
        'remove it, or name another --output',
    );
  const changed = order.inputs.find((input, index) => !same(input, earlier.inputs[index]));
  if (changed) throw changedSource(changed.path, folder);
  // A process that died while it gave the files their names took one of them away: the import begins anew.
  const { length, imagesLength, rejectsLength } = progress;
  const files = { 'rows.arrow': length, 'images.arrow': imagesLength, 'rejects.jsonl': rejectsLength };
  for (const [name, bytes] of Object.entries(files))
    if (bytes > ((await stat(at(name)).catch(() => undefined))?.size ?? 0)) return null;
  return progress;
}

/** Null where nothing was saved, or the file was cut short: the import then begins anew. */
async function readSaved(path: string): Promise<{ order: ImportOrder; progress: ImportProgress } | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as { order: ImportOrder; progress: ImportProgress };
  } catch {
    return null;
  }
}
