import { rm, stat } from 'node:fs/promises';
import { UserError } from '../../configs/userError.js';
import { ownerForm } from '../../setup/lock/owner.mjs';
import { filesBelow } from './filesBelow.js';
import { partialMark } from './writeBeside.js';

/** What a command puts into a folder of its own: which paths below it, with `/` between folders. */
export type OwnFiles = Pick<RegExp, 'test'>;

/**
 * Require that a folder holds only what the command at work puts there, so that it may be replaced or removed. One that
 * does not exist or is empty is free.
 * @throws UserError naming a file that somebody else put there; or when it is a file
 */
export async function requireOwnFolder(folder: string, own: OwnFiles): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found) return;
  if (!found.isDirectory()) throw new UserError(`${folder} is a file; name a folder`);
  const foreign = await foreignIn(folder, own);
  if (foreign !== undefined)
    throw new UserError(
      `${folder} holds ${foreign}, which this command did not put there, so it is not replaced; ` +
        'move that away, or name another folder',
    );
}

/**
 * Remove a folder that holds only what this program put there; any other stays as it is.
 * @returns whether it is gone
 */
export async function removeOwnFolder(folder: string, own: OwnFiles): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  if (found && (!found.isDirectory() || (await foreignIn(folder, own)) !== undefined)) return false;
  await rm(folder, { recursive: true, force: true });
  return true;
}

/** What a process that died left half written counts as the file that it was to become. */
async function foreignIn(folder: string, own: OwnFiles): Promise<string | undefined> {
  const half = new RegExp(`\\${partialMark}${ownerForm}$`);
  return (await filesBelow(folder)).find((name) => !own.test(name.replace(half, '')));
}
