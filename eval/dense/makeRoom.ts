import { readdir, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from '../../setup/lock/lock.mjs';
import { owner } from '../../setup/lock/owner.mjs';
import { claim, readClaim, release } from './claims.js';
import { makeFolder } from '../../data/files/makeFolder.js';

/** In the folder of a model: which one it is. */
export const aboutFile = 'about.json';

/** A file of kept embeddings, there or to come. */
export interface KeptFile {
  file: string;
  bytes: number;
}

/** Room for files, kept free of what others keep until it is left. */
export interface Room {
  /** Why there is none; undefined where there is. */
  refusal: string | undefined;
  /** From then on the files may be removed. */
  leave(): void;
}

/**
 * Make room for files below a limit and on the disk: files that no living process is using go, the least recently used
 * first. What processes said that they will keep counts as if it were there.
 * @param root        holds a folder for each model
 * @param wanted      of which some may be there
 * @param limitBytes  for all files together
 * @param freeBytes   of the disk, other than it says in tests alone
 */
export async function makeRoom(
  root: string,
  wanted: readonly KeptFile[],
  limitBytes: number,
  freeBytes?: number,
): Promise<Room> {
  return await withLock(
    join(root, 'lock'),
    () => {},
    async () => {
      const there = await keptFiles(root);
      const inUse = new Map((await filesInUse(root)).map(({ file, bytes }) => [file, bytes]));
      for (const { file, bytes } of wanted) inUse.set(file, bytes);
      const refusal = await clear(root, there, inUse, limitBytes, freeBytes ?? (await freeOn(root)));
      // Without room to come, only what is there is used.
      const using = refusal === undefined ? wanted : wanted.filter(({ file }) => there.has(file));
      const use = await announce(root, using);
      return { refusal, leave: () => release(use) };
    },
  );
}

/** @returns why there is no room, nothing being removed then */
async function clear(
  root: string,
  there: ReadonlyMap<string, { bytes: number; usedMs: number }>,
  inUse: ReadonlyMap<string, number>,
  limitBytes: number,
  freeBytes: number,
): Promise<string | undefined> {
  const needed = sum(inUse.values());
  const toCome = sum([...inUse].map(([file, bytes]) => Math.max(0, bytes - (there.get(file)?.bytes ?? 0))));
  const idle = [...there].filter(([file]) => !inUse.has(file)).sort(([, one], [, two]) => one.usedMs - two.usedMs);
  let idleBytes = sum(idle.map(([, { bytes }]) => bytes));
  let free = freeBytes;
  if (needed > limitBytes)
    return `with those in use by other processes they take ${gigabytes(needed)} GB, above the limit of ${gigabytes(limitBytes)} GB that --cache-gigabytes or evaluation.cacheGigabytes can raise`;
  if (toCome > free + idleBytes)
    return `${gigabytes(toCome)} GB are to come, and the disk of ${root} has room for ${gigabytes(free + idleBytes)} GB; free space there`;
  for (const [file, { bytes }] of idle) {
    if (needed + idleBytes <= limitBytes && toCome <= free) break;
    await rm(file, { force: true });
    await removeIfEmpty(dirname(file));
    idleBytes -= bytes;
    free += bytes;
  }
  return undefined;
}

async function freeOn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Remove the folder of a model of which nothing is kept any more. */
async function removeIfEmpty(folder: string): Promise<void> {
  const left = await readdir(folder);
  if (left.some((name) => name !== aboutFile)) return;
  await rm(join(folder, aboutFile), { force: true });
  await rmdir(folder).catch(() => {}); // a process that begins with this model may just have put something there
}

/** Every file of every model, with its bytes and when it was used last. */
async function keptFiles(root: string): Promise<Map<string, { bytes: number; usedMs: number }>> {
  const files = new Map<string, { bytes: number; usedMs: number }>();
  for (const model of await readdir(root, { withFileTypes: true })) {
    if (!model.isDirectory() || model.name === usesFolder) continue;
    for (const name of await readdir(join(root, model.name))) {
      if (!/\.(vectors|part)$/.test(name)) continue;
      const file = join(root, model.name, name);
      const found = await stat(file).catch(() => undefined); // another process may just have removed it
      if (found) files.set(file, { bytes: found.size, usedMs: found.mtimeMs });
    }
  }
  return files;
}

const usesFolder = 'uses';
let uses = 0;

/** Tell other processes which files this one is using. @returns the claim */
async function announce(root: string, files: readonly KeptFile[]): Promise<string> {
  await makeFolder(join(root, usesFolder));
  const use = join(root, usesFolder, `${owner}-${uses++}`);
  claim(use, { files: files.map(({ file, bytes }) => ({ file: file.slice(root.length + 1), bytes })) });
  return use;
}

/** What living processes said; what those left that are gone is removed. */
async function filesInUse(root: string): Promise<KeptFile[]> {
  const names = await readdir(join(root, usesFolder)).catch(() => []);
  const found: KeptFile[] = [];
  for (const name of names) {
    const use = join(root, usesFolder, name);
    const facts = readClaim(use) as { files?: KeptFile[] } | undefined;
    if (!facts) await rm(use, { force: true });
    for (const { file, bytes } of facts?.files ?? []) found.push({ file: join(root, file), bytes });
  }
  return found;
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);
const gigabytes = (bytes: number): string => (bytes / 1e9).toPrecision(3);
