import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { explainWriteFailure } from './explainWriteFailure.js';

/**
 * Make a folder and those above it. Step by step: Node's own recursive way (20.20) spins for ever where a folder exists
 * that takes none, such as /proc, or a working folder that is gone.
 * @param what  is to be written there, for the message
 * @throws UserError when it cannot be made
 */
export async function makeFolder(path: string, what = path): Promise<void> {
  try {
    await makeSteps(resolve(path));
  } catch (error) {
    throw explainWriteFailure(error, what);
  }
}

async function makeSteps(path: string): Promise<void> {
  const isFolder = (place: string) =>
    stat(place).then(
      (found) => found.isDirectory(),
      () => false,
    );
  if (await isFolder(path)) return;
  const above = dirname(path);
  if (above !== path && !(await isFolder(above))) await makeSteps(above);
  await mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' || !(await isFolder(path))) throw error; // another process may just have made it
  });
}

/**
 * Require that a file or folder can be made at a place, before hours of work are to be written there. Nothing is made.
 * @throws UserError when the nearest folder that exists cannot be written to
 */
export async function requireWritable(path: string): Promise<void> {
  let place = resolve(path);
  let found = await stat(place).catch(() => undefined);
  while (!found?.isDirectory()) {
    if (found && place !== resolve(path))
      throw new UserError(`cannot write ${path}: a file is in the place of a folder on the way; name another place`);
    place = dirname(place);
    found = await stat(place).catch(() => undefined);
  }
  await access(place, constants.W_OK | constants.X_OK).catch((error) => {
    throw explainWriteFailure(error, path);
  });
}
