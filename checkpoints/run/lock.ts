import { constants, existsSync, readFileSync } from 'node:fs';
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { isAlive } from '../../data/files/writeBeside.js';

/** The file in a run folder that names the process at work there. */
export const lockName = 'run.lock';

interface Holder {
  pid: number;
  host: string;
  /** When the process started, in clock ticks since the machine did: tells an id that was given out again apart. */
  started: string;
}

interface Locked {
  kind: string;
  another: string;
}

/**
 * Keep other processes from training in a run folder until `release`. The lock of a process that has died does not
 * count.
 * @param what  is in the folder, and how to have another one, for the message
 * @throws UserError when another process holds it
 */
export async function lockRun(
  folder: string,
  what: Locked = { kind: 'run', another: 'name another by --run' },
): Promise<{ release(): Promise<void> }> {
  const file = join(folder, lockName);
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), started: startOf(process.pid) } satisfies Holder);
  if (!(await create(file, mine))) {
    const found = await textOf(file);
    if (isAtWork(found)) throw inUse(folder, file, found, what);
    await clear(folder, file, found, what);
    if (!(await create(file, mine))) throw inUse(folder, file, await textOf(file), what);
  }
  return {
    release: async () => {
      if ((await textOf(file)) === mine) await rm(file, { force: true });
    },
  };
}

/** @returns false when the file exists */
async function create(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw explainWriteFailure(error, file);
  }
}

/** Remove a dead process's lock, but not the one that a third process may have put in its place meanwhile. */
async function clear(folder: string, file: string, dead: string, what: Locked): Promise<void> {
  const aside = `${file}.dead-${process.pid}`;
  await rename(file, aside).catch(() => undefined);
  const moved = await textOf(aside);
  if (moved !== dead && existsSync(aside)) {
    await copyFile(aside, file, constants.COPYFILE_EXCL).catch(() => undefined);
    await rm(aside, { force: true });
    throw inUse(folder, file, moved, what);
  }
  await rm(aside, { force: true });
}

/** A process of another machine cannot be looked up, and a lock that is not readable yet is being written. */
function isAtWork(text: string): boolean {
  const holder = parse(text);
  if (!holder || holder.host !== hostname()) return true;
  return isAlive(holder.pid) && startOf(holder.pid) === holder.started;
}

function inUse(folder: string, file: string, text: string, { kind, another }: Locked): UserError {
  const holder = parse(text);
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
  return new UserError(
    `${kind} ${folder} is in use by ${who}; wait for it, ${another}, or remove ${file} if that process is gone`,
  );
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

/** Field 22 of Linux's /proc/<pid>/stat; the second field, a name in brackets, may hold blanks. Empty elsewhere. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

const textOf = (file: string) => readFile(file, 'utf8').catch(() => '');
