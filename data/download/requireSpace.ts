import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '../../configs/userError.js';

/**
 * Refuse a download that the disk cannot take, before it starts.
 * @param remedy  how to choose another place
 * @throws UserError when less is free than needed
 */
export function requireSpace(folder: string, bytesNeeded: number, what: string, remedy: string): void {
  const free = freeBytes(folder);
  if (free >= bytesNeeded) return;
  throw new UserError(
    `${what} needs ${gigabytes(bytesNeeded)} GB; ${gigabytes(free)} GB are free at ${folder}; make room, or ${remedy}`,
  );
}

/** Bytes that a user may still write on the disk of a folder, which need not exist yet. */
export function freeBytes(folder: string): number {
  let place = resolve(folder);
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  return bavail * bsize;
}

const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1);
