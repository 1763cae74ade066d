import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from './makeFolder.js';
import { UserError } from '../../configs/userError.js';
import { lifeOf, owner } from '../../setup/lock/owner.mjs';
import { explainWriteFailure } from './explainWriteFailure.js';
import { requireOwnFolder, type OwnFiles } from './ownFolder.js';
import { partialName, removeStalePartials, syncFolder } from './writeBeside.js';

/**
 * Write a folder so that its name is absent, or holds all of it, whenever the process dies.
 * @param write  puts files into the folder it is given, each of them on the disk before it returns
 * @throws UserError when the folder exists and is not empty, its place cannot be written, or the disk is full; nothing is left of it then
 */
export async function writeFolder(folder: string, write: (partial: string) => Promise<void>): Promise<void> {
  await requireFreeFolder(folder);
  await writeAndRename(folder.replace(/\/+$/, ''), write, async () => {});
}

/** @throws UserError when a folder exists and is not empty, or is a file */
export async function requireFreeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found && !found.isDirectory()) throw new UserError(`${folder} is a file; name a folder`);
  if (found && (await readdir(folder)).length > 0)
    throw new UserError(`${folder} is not empty; name another folder, or empty it first`);
}

/**
 * As `writeFolder`, but a folder of that name is replaced, provided that all in it is the caller's own: it lies beside as `<name>.replaced-<owner>` until the new one
 * has its name. `restoreReplaced` puts it back if the process died in between.
 * @param own  what the caller puts there
 * @throws UserError when it holds anything else, before anything is written
 */
export async function replaceFolder(
  folder: string,
  own: OwnFiles,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  await requireOwnFolder(folder, own);
  const replaced = `${folder}${replacedMark}${owner}`;
  await writeAndRename(folder, write, async () => {
    await requireOwnFolder(folder, own); // writing may have taken hours
    if (existsSync(folder)) await rename(folder, replaced);
  });
  await rm(replaced, { recursive: true, force: true });
}

/** Between a folder's name and the owner that was replacing it. */
export const replacedMark = '.replaced-';

/** Give folders their names back that a dead process had moved aside, and remove those that were replaced. */
export async function restoreReplaced(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [original, by] = name.split(replacedMark);
    if (!by || lifeOf(by) !== 'gone') continue;
    if (existsSync(join(parent, original!))) await rm(join(parent, name), { recursive: true, force: true });
    else await rename(join(parent, name), join(parent, original!));
  }
}

async function writeAndRename(
  folder: string,
  write: (partial: string) => Promise<void>,
  makeRoom: () => Promise<void>,
): Promise<void> {
  const partial = partialName(folder);
  try {
    await makeFolder(dirname(folder), folder);
    await removeStalePartials(folder);
    await mkdir(partial);
    await write(partial);
    await syncFolder(partial);
    await makeRoom();
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => {}); // a place that cannot be written holds none
    throw explainWriteFailure(error, folder);
  }
  await syncFolder(dirname(folder));
}
