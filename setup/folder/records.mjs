import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, tensorflowVersion } from './engineFolder.mjs';

/** What the two records say of an installed engine: { bytes, sha256 } by name. Undefined where one is missing or old. */
export function engineFiles({ libraryRecord, bindingRecord }) {
  const records = [readJson(libraryRecord), readJson(bindingRecord)];
  if (records.some((record) => record?.tensorflow !== tensorflowVersion)) return undefined;
  return { ...records[0].files, ...records[1].files };
}

/**
 * The first file whose size is not the recorded one, or undefined. Costs one look at each file's size.
 * @param files  by name: { bytes, sha256 }
 */
export function damagedFile(folder, files) {
  for (const [name, { bytes }] of Object.entries(files))
    if (statSync(join(folder, name), { throwIfNoEntry: false })?.size !== bytes) return name;
  return undefined;
}

/** The first file whose content is not the recorded one, or undefined. Reads everything. */
export async function alteredFile(folder, files) {
  const wrongSize = damagedFile(folder, files);
  if (wrongSize) return wrongSize;
  for (const [name, { sha256 }] of Object.entries(files))
    if ((await sha256Of(join(folder, name))) !== sha256) return name;
  return undefined;
}

export async function sha256Of(path) {
  const hash = createHash('sha256');
  for await (const block of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(block);
  return hash.digest('hex');
}

/** Bytes in a folder, which another process may be writing to: files and folders may vanish while they are counted. */
export function folderBytes(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return 0;
    throw error;
  }
  return entries.reduce((bytes, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return bytes + folderBytes(path);
    return bytes + (entry.isFile() ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0);
  }, 0);
}
