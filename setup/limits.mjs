import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolderSync } from './folder/makeFolder.mjs';

/**
 * What this process may do, where that is too little for any command, which would end in a stack of Node's or tsx's: one
 * line for the user. Limits are known on Linux alone.
 * @param limits     what /proc/self/limits says
 * @param temporary  tsx keeps there what it compiled
 */
export function limitTrouble(limits = ownLimits(), temporary = tmpdir()) {
  return smallLimit(limits) ?? temporaryTrouble(temporary);
}

/** An import opens some 130 files; each part that uses WebAssembly reserves 8 to 10 GB of addresses, and no memory. */
const needs = [
  {
    name: 'Max open files',
    least: 256,
    say: (allowed) => `${allowed} files may be open at a time (ulimit -n), and 256 are needed; raise that`,
  },
  {
    name: 'Max address space',
    least: 100e9,
    say: (allowed) =>
      `the address space is limited to ${(allowed / 1e9).toFixed(1)} GB (ulimit -v), of which WebAssembly reserves more than it uses; ` +
      'lift that (ulimit -v unlimited), and bound the memory of a run by --set training.memoryMegabytes=...',
  },
];

function smallLimit(limits) {
  for (const { name, least, say } of needs) {
    const soft = new RegExp(`^${name} +(\\d+) `, 'm').exec(limits)?.[1];
    if (soft !== undefined && Number(soft) < least) return say(Number(soft));
  }
  return undefined;
}

function temporaryTrouble(folder) {
  try {
    makeFolderSync(folder);
    rmdirSync(mkdtempSync(join(folder, 'tercet-')));
    return undefined;
  } catch (error) {
    return `the folder for temporary files, ${folder}, cannot be written (${error.code}); name another in TMPDIR`;
  }
}

function ownLimits() {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
