import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBeside } from '../../../data/files/writeBeside.js';
import { UserError } from '../../../configs/userError.js';
import type { HistoryEntry } from '../history.js';
import { makeFolder } from '../../../data/files/makeFolder.js';

/** A decision that its command has not taken yet. */
export interface Notice {
  entry: HistoryEntry;
  tries: number;
  /** Why the last try failed. */
  failure: string | null;
}

/** Longest time that a command may take over one decision. */
const longestMs = 60_000;

/** Decisions that wait, oldest first. */
export async function readNotices(folder: string): Promise<Notice[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const notices = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      try {
        return JSON.parse(await readFile(file, 'utf8')) as Notice;
      } catch {
        throw new UserError(`${file} is damaged; remove it, and its decision is not told again`);
      }
    }),
  );
  return notices.sort((one, other) => (one.entry.time < other.entry.time ? -1 : 1));
}

/** Let a decision wait for its command. */
export async function addNotice(folder: string, notice: Notice): Promise<void> {
  await makeFolder(folder);
  await writeBeside(fileOf(folder, notice), `${JSON.stringify(notice, null, 2)}\n`);
}

/**
 * Give the waiting decisions to the plan's command, oldest first, up to one that fails: it stays, with those behind it,
 * and is tried again at the next call. Of a plan without a command they are dropped.
 * @returns why it failed; undefined when all were taken
 */
export async function deliverNotices(
  folder: string,
  command: string | undefined,
  timeoutMs = longestMs,
): Promise<string | undefined> {
  for (const notice of await readNotices(folder)) {
    const failure =
      command === undefined ? undefined : await run(command, `${JSON.stringify(notice.entry)}\n`, timeoutMs);
    if (failure !== undefined) {
      await addNotice(folder, { ...notice, tries: notice.tries + 1, failure });
      return failure;
    }
    await rm(fileOf(folder, notice), { force: true });
  }
  return undefined;
}

const fileOf = (folder: string, { entry }: Notice) => join(folder, `${entry.id}.json`);

/**
 * Run a command line by the shell, in a process group of its own: what it started must not outlast it, nor hold its output
 * open.
 * @returns why it failed
 */
function run(command: string, input: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, stdio: ['pipe', 'ignore', 'pipe'], detached: true });
    const tooLong = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), timeoutMs);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (said = (said + piece).slice(-2000)));
    child.stdin.on('error', () => {}); // a command need not read
    child.on('error', (error) => {
      clearTimeout(tooLong);
      resolve(error.message);
    });
    child.on('close', (code, signal) => {
      clearTimeout(tooLong);
      const last = said.trim().split('\n').at(-1);
      const how = signal === 'SIGKILL' ? `ended after ${timeoutMs / 1000} s` : `ended by ${signal}`;
      if (code === 0) resolve(undefined);
      else resolve(`${signal ? how : `exit code ${code}`}${last ? `: ${last}` : ''}`);
    });
    child.stdin.end(input);
  });
}
