import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What changes a disk, and opening: the name alone of what is to be written needs room. */
const changing = ['open', 'mkdir', 'rm', 'rename', 'symlink', 'copyFile', 'writeFile'] as const;
const onHandles = ['sync', 'appendFile', 'writeFile', 'truncate'] as const;

type Call = (...args: unknown[]) => Promise<unknown>;
type Calls = Record<string, Call>;

/**
 * Run work in which one call that changes the disk fails as the system would let it, all others doing what they do.
 * @param at    which call, from 0 on, in the order in which they are made
 * @param code  of the system, such as ENOSPC
 * @returns the calls that were made, by their names
 */
export async function withFailingWrite(at: number, code: string, work: () => Promise<unknown>): Promise<string[]> {
  const made: string[] = [];
  const failing = (name: string, original: Call): Call =>
    function (this: unknown, ...args) {
      made.push(name);
      if (made.length - 1 !== at) return original.apply(this, args);
      const path = typeof args[0] === 'string' ? { path: args[0] } : {};
      return Promise.reject(
        Object.assign(new Error(`${code}: made to fail, ${name}`), { code, syscall: name, ...path }),
      );
    };
  const handles = await handlePrototype();
  const before: [Calls, string, Call][] = [
    ...changing.map((name): [Calls, string] => [fs.promises as unknown as Calls, name]),
    ...onHandles.map((name): [Calls, string] => [handles, name]),
  ].map(([owner, name]) => [owner, name, owner[name]!]);
  for (const [owner, name, original] of before) owner[name] = failing(name, original);
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    for (const [owner, name, original] of before) owner[name] = original;
    syncBuiltinESMExports();
  }
  return made;
}

async function handlePrototype(): Promise<Calls> {
  const path = join(tmpdir(), `tercet-handle-${process.pid}`);
  const handle = await fs.promises.open(path, 'w');
  await handle.close();
  await fs.promises.rm(path);
  return Object.getPrototypeOf(handle) as Calls;
}
