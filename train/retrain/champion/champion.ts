import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { explainWriteFailure } from '../../../data/files/explainWriteFailure.js';
import { syncFolder } from '../../../data/files/writeBeside.js';
import type { PlanFolder } from '../planFolder.js';

/** The run of the champion in use; null where there is none. */
export function championOf({ current }: PlanFolder): string | null {
  try {
    return basename(readlinkSync(current));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Make a complete folder the champion: the link changes in one rename, so that a reader sees the old or the new one. */
export async function setChampion(place: PlanFolder, run: string): Promise<void> {
  const next = `${place.current}.next`;
  try {
    await mkdir(place.folder, { recursive: true });
    await rm(next, { force: true });
    await symlink(relative(place.folder, place.champion(run)), next);
    await rename(next, place.current);
    await syncFolder(place.folder);
  } catch (error) {
    throw explainWriteFailure(error, place.current);
  }
}

/** What a champion's folder says of itself. */
export function championProof(place: PlanFolder, run: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(place.champion(run), 'proof.json'), 'utf8')) as Record<string, unknown>;
}
