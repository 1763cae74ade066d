import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, tensorflowVersion } from '../folder/engineFolder.mjs';
import { foreignFile, requireOwnFolder } from './ownFolder.mjs';
import { damagedFile, folderBytes } from '../folder/records.mjs';
import { downloadWheel, unpackWheel } from './wheel.mjs';

/**
 * Download the wheels and unpack what is needed of them. Everything is gathered in a folder beside the final one, wheel
 * by wheel, so that an interrupted installation goes on with the wheel it was at; the whole then moves at once.
 * @param python  path of a Python that has pip
 */
export async function installLibrary(place, wheels, python, register) {
  const partial = partialFolder(place);
  for (const folder of [place.folder, partial, oldFolder(place)]) requireOwnFolder(folder); // before anything is downloaded
  const downloads = join(partial, 'downloads');
  mkdirSync(downloads, { recursive: true });
  const files = {};
  for (const [index, wheel] of wheels.entries()) {
    const job = { ...place, python, register, number: wheels.length > 1 ? ` (${index + 1} of ${wheels.length})` : '' };
    const record = join(downloads, `${wheel.sha256}.json`);
    let unpacked = readJson(record);
    if (!unpacked || damagedFile(partial, unpacked)) {
      const path = await downloadWheel(wheel, downloads, job);
      unpacked = await unpackWheel(wheel, path, partial, job);
      writeFileSync(record, JSON.stringify(unpacked));
      rmSync(path);
    }
    Object.assign(files, unpacked);
  }
  rmSync(downloads, { recursive: true });
  const record = { tensorflow: tensorflowVersion, variant: place.variant, files };
  writeFileSync(join(partial, 'library.json'), `${JSON.stringify(record, null, 2)}\n`);
  replaceFolder(place, partial);
}

/** Bytes that an interrupted installation has put on the disk already. */
export function bytesKept(place) {
  return folderBytes(partialFolder(place));
}

/** Give a full disk back what an interrupted installation has put there. */
export function removeKept(place) {
  const partial = partialFolder(place);
  if (foreignFile(partial) === undefined) rmSync(partial, { recursive: true, force: true });
}

const partialFolder = ({ folder }) => `${folder}.partial`;
const oldFolder = ({ folder }) => `${folder}.old`;

/** A library that a running process has open stays whole for that process when its file is removed. */
function replaceFolder(place, by) {
  const { folder } = place;
  const old = oldFolder(place);
  for (const each of [folder, old]) requireOwnFolder(each); // a download takes its time
  rmSync(old, { recursive: true, force: true });
  if (statSync(folder, { throwIfNoEntry: false })) renameSync(folder, old);
  renameSync(by, folder);
  rmSync(old, { recursive: true, force: true });
}
