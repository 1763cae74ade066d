import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename } from 'node:path';
import { explainReadFailure } from '../../data/files/read/explainReadFailure.js';
import { removeOwnFolder } from '../../data/files/ownFolder.js';
import { AlteredState, readState, stateFiles, stateFolders, stepOf } from './state.js';

/**
 * Put out of the way the states that come after a step: those that could not be used when the run went on from it. Left
 * alone, they would pass for the newest, and `pruneStates` would keep them in place of good ones. One whose numbers are
 * not those that were saved is removed. Any other may be whole again in a moment, as when it is still being copied or a
 * permission is mended, and is kept under another name.
 * @returns what became of each, for people
 */
export async function setStatesAside(stateFolder: string, step: number): Promise<string[]> {
  const told: string[] = [];
  for (const folder of await stateFolders(stateFolder)) {
    if (stepOf(folder) <= step) continue;
    if ((await isAltered(folder)) && (await removeOwnFolder(folder, stateFiles))) {
      told.push(`state ${folder} is removed: its numbers are not those that were saved`);
      continue;
    }
    const aside = freeName(`${folder}.set-aside`);
    await rename(folder, aside).catch((error) => {
      throw explainReadFailure(error, folder);
    });
    told.push(`state ${folder} could not be used and is set aside as ${basename(aside)}; nothing of it is removed`);
  }
  return told;
}

const isAltered = (folder: string) =>
  readState(folder).then(
    () => false,
    (error) => error instanceof AlteredState,
  );

function freeName(path: string): string {
  let name = path;
  for (let number = 2; existsSync(name); number++) name = `${path}-${number}`;
  return name;
}
