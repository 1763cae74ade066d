/**
 * Run by hand, as root on Linux: `node --import tsx test/train/ranks/fullDisk.ts`. The disk of a run over two ranks fills
 * after its first state. Both must end, with exit code 2 and one line that names what could not be written; the state saved
 * before must be whole, and with room again three ranks must go on to the losses of a run that had room throughout.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose } from '../../assertions.js';
import { runCommand, startCommand } from '../../runCommand.js';
import { makeTinyRun, tinySettings } from '../../tinyRun.js';
import { ranksOf } from './ranksOf.js';

const command = 'train/command.ts';
await startEngine();
const folder = await makeTinyRun();
const runs = join(folder, 'checkpoints/runs');
const states = join(runs, 'full/state');
const filler = join(runs, 'filler');
const started = ['--base', 'base', '--data', 'train.arrow', ...tinySettings];
mkdirSync(runs, { recursive: true });
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', runs]);
try {
  const room = await runCommand(command, [...started, '--run', 'room', '--ranks', '2'], folder);
  assert.equal(room.code, 0, room.errors);

  const { child, finished } = startCommand(command, [...started, '--run', 'full', '--ranks', '2'], folder);
  while (!existsSync(join(states, 'step-000003'))) await setTimeout(10);
  const ranks = ranksOf(child.pid!);
  fill();
  const { code, errors } = await finished;
  console.log(`the disk is full: exit ${code}: ${errors.trim().split('\n').at(-1)}`);
  assert.equal(code, 2, errors);
  assert.match(
    errors,
    /\nerror: no space left to write \S+ \(\S+ bytes needed\); free space there and run again[^\n]*\n$/,
  );
  assert.equal(errors.split('error: ').length, 2, errors);
  assert.deepEqual(
    ranks.filter((pid) => existsSync(`/proc/${pid}`)),
    [],
  );
  assert.deepEqual(readdirSync(states), ['step-000003']);

  rmSync(filler);
  const again = await runCommand(command, ['--run', 'full', '--resume', '--ranks', '3'], folder);
  assert.equal(again.code, 0, again.errors);
  assertClose(lossesOf('full'), lossesOf('room'), 1e-4, 'loss of update');
  console.log('with room again three ranks went on to the losses of the run that had room');
} finally {
  execFileSync('umount', [runs]);
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

function fill(): void {
  for (let bytes = 2 ** 22; bytes >= 1024;)
    try {
      writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' });
    } catch {
      bytes /= 2;
    }
}

function lossesOf(run: string): number[] {
  return [...readFileSync(join(runs, run, 'log.jsonl'), 'utf8').matchAll(/"loss":([\d.]+)/g)].map(([, loss]) =>
    Number(loss),
  );
}
