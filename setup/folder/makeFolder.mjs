import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Make a folder and those above it. Step by step: Node's own recursive way (20.20) spins for ever where a folder exists
 * that takes none, such as /proc.
 */
export function makeFolderSync(path) {
  const place = resolve(path);
  if (isFolder(place)) return;
  const above = dirname(place);
  if (above !== place && !isFolder(above)) makeFolderSync(above);
  try {
    mkdirSync(place);
  } catch (error) {
    if (error.code !== 'EEXIST' || !isFolder(place)) throw error; // another process may just have made it
  }
}

const isFolder = (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
