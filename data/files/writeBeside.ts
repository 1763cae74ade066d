import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from './makeFolder.js';
import { UserError } from '../../configs/userError.js';
import { lifeOf, owner } from '../../setup/lock/owner.mjs';
import { explainWriteFailure } from './explainWriteFailure.js';

/** A file written and on the disk, but not yet under its own name. */
export interface StagedFile {
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** A file that grows piece by piece beside its place; `commit` puts it on the disk and gives it its name. */
export interface GrowingFile extends StagedFile {
  append(piece: string | Uint8Array): Promise<void>;
}

/**
 * Write a file so that its name holds the older content or all of the new one, whenever the process dies.
 * @param bytesNeeded  for the message when the disk is full
 * @throws UserError when the place cannot be written or the disk is full; the older file is intact
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
  const { file, discard, explain } = await openPartial(path, bytesNeeded);
  try {
    await (typeof write === 'function' ? write(file) : file.writeFile(write));
    await file.sync();
    await file.close();
  } catch (error) {
    await discard();
    throw explain(error);
  }
  return { commit: () => takeName(path), discard };
}

/** As `stageFile`, for content that comes over time. A piece that cannot be written leaves nothing behind. */
export async function growFile(path: string): Promise<GrowingFile> {
  const { file, discard, explain } = await openPartial(path);
  const orDiscard = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      await discard();
      throw explain(error);
    }
  };
  return {
    append: (piece) => orDiscard(() => file.appendFile(piece)),
    commit: async () => {
      await orDiscard(async () => {
        await file.sync();
        await file.close();
      });
      await takeName(path);
    },
    discard,
  };
}

/** Stage several files, then give them their names one after the other; when one cannot be staged, none is changed. */
export async function writeTogether(stages: (() => Promise<StagedFile>)[]): Promise<void> {
  const staged: StagedFile[] = [];
  try {
    for (const stage of stages) staged.push(await stage());
    for (const file of staged) await file.commit();
  } catch (error) {
    for (const file of staged) await file.discard();
    throw error;
  }
}

/** Where a file or folder is written until it is complete. */
export const partialName = (path: string) => `${path}${partialMark}${owner}`;

/** Between a name and the owner of what is being written under it. */
export const partialMark = '.partial-';

/**
 * Remove what processes that died left of this file or folder; what another is writing stays, and so does what one of
 * another container or machine was writing, which may be alive.
 */
export async function removeStalePartials(path: string): Promise<void> {
  const start = `${basename(path)}${partialMark}`;
  for (const name of await readdir(dirname(path)))
    if (name.startsWith(start) && lifeOf(name.slice(start.length)) === 'gone')
      await rm(join(dirname(path), name), { recursive: true, force: true });
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

async function openPartial(path: string, bytesNeeded?: number) {
  const explain = (error: unknown) => explainWriteFailure(error, path, bytesNeeded);
  const partial = partialName(path);
  try {
    await makeFolder(dirname(path), path);
    // Found out now, not when hours of work are to get their name.
    if ((await stat(path).catch(() => undefined))?.isDirectory())
      throw new UserError(`cannot write ${path}: it is a folder; name a file`);
    await removeStalePartials(path);
    const file = await open(partial, 'w');
    const discard = async () => {
      await file.close().catch(() => {}); // it may be closed already
      await rm(partial, { force: true });
    };
    return { file, discard, explain };
  } catch (error) {
    throw explain(error);
  }
}

async function takeName(path: string): Promise<void> {
  try {
    await rename(partialName(path), path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(partialName(path), { force: true });
    throw explainWriteFailure(error, path);
  }
}
