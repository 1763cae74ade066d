import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../configs/userError.js';

/** A file written and on the disk, but not yet under its own name. */
export interface StagedFile {
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Write a file so that its name holds the older content or all of the new one, whenever the process dies.
 * @param bytesNeeded  for the message when the disk is full
 * @throws UserError when the disk is full; the older file is intact
 */
export async function writeBeside(
  path: string,
  write: string | Uint8Array | ((file: FileHandle) => Promise<void>),
  bytesNeeded?: number,
): Promise<void> {
  const staged = await stageFile(path, write, bytesNeeded);
  await staged.commit();
}

/** As `writeBeside`, but the new content takes the name only at `commit`: several files can change together. */
export async function stageFile(
  path: string,
  write: string | Uint8Array | ((file: FileHandle) => Promise<void>),
  bytesNeeded = typeof write === 'function' ? undefined : Buffer.byteLength(write),
): Promise<StagedFile> {
  await mkdir(dirname(path), { recursive: true });
  await removeStalePartials(path);
  const partial = partialName(path);
  try {
    const file = await open(partial, 'w');
    try {
      await (typeof write === 'function' ? write(file) : file.writeFile(write));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(partial, { force: true });
    throw explainFullDisk(error, path, bytesNeeded);
  }
  return {
    commit: async () => {
      await rename(partial, path);
      await syncFolder(dirname(path));
    },
    discard: () => rm(partial, { force: true }),
  };
}

/** Stage several files and give them their names one right after the other; when one fails, none is changed. */
export async function writeTogether(stages: (() => Promise<StagedFile>)[]): Promise<void> {
  const staged: StagedFile[] = [];
  try {
    for (const stage of stages) staged.push(await stage());
  } catch (error) {
    for (const file of staged) await file.discard();
    throw error;
  }
  for (const file of staged) await file.commit();
}

/** Where a file or folder is written until it is complete. */
export const partialName = (path: string) => `${path}.partial-${process.pid}`;

/** Remove what processes that died left of this file or folder; what a living process is writing stays. */
export async function removeStalePartials(path: string): Promise<void> {
  const start = `${basename(path)}.partial-`;
  for (const name of await readdir(dirname(path)))
    if (name.startsWith(start) && !isAlive(Number(name.slice(start.length))))
      await rm(join(dirname(path), name), { recursive: true, force: true });
}

/** Whether a process of this machine runs under the id. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it runs, under another user
  }
}

/** Make the names in a folder survive a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Turn the system's ways of saying that the disk is full into one line; other errors pass unchanged. */
export function explainFullDisk(error: unknown, path: string, bytesNeeded?: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') return error;
  const needed = bytesNeeded === undefined ? '' : ` (${bytesNeeded.toLocaleString('en-US')} bytes needed)`;
  const place = path.replace(/\.partial-\d+/g, '');
  return new UserError(
    `no space left to write ${place}${needed}; free space there and run again: older files are intact`,
  );
}
