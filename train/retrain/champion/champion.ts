import { existsSync, readlinkSync } from 'node:fs';
import { rename, rm, symlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { UserError } from '../../../configs/userError.js';
import { explainWriteFailure } from '../../../data/files/explainWriteFailure.js';
import { syncFolder } from '../../../data/files/writeBeside.js';
import type { PlanFolder } from '../planFolder.js';
import { makeFolder } from '../../../data/files/makeFolder.js';

/**
 * The run of the champion in use; null where there is none.
 * @throws UserError when something else than a link has its name
 */
export function championOf({ current }: PlanFolder): string | null {
  try {
    return basename(readlinkSync(current));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'EINVAL') throw new UserError(`${current} must be a link to a champion; remove what is in its place`);
    throw error;
  }
}

/** The champion in use, which is there. @throws UserError when its folder is not */
export function wholeChampion(paths: PlanFolder): string | null {
  const run = championOf(paths);
  if (run !== null && !existsSync(join(paths.champion(run), 'adapter')))
    throw new UserError(
      `the champion ${paths.champion(run)} is not there any more; put it back, choose another by --rollback or --promote, ` +
        `or remove ${paths.current} to have none`,
    );
  return run;
}

/** Make a complete folder the champion: the link changes in one rename, so that a reader sees the old or the new one. */
export async function setChampion(paths: PlanFolder, run: string): Promise<void> {
  const next = `${paths.current}.next`;
  try {
    await makeFolder(paths.folder, paths.current);
    await rm(next, { force: true });
    await symlink(relative(paths.folder, paths.champion(run)), next);
    await rename(next, paths.current);
    await syncFolder(paths.folder);
  } catch (error) {
    throw explainWriteFailure(error, paths.current);
  }
}
