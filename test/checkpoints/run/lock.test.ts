import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { lockName, lockRun } from '../../../checkpoints/run/lock.js';
import { UserError } from '../../../configs/userError.js';
import { ownerOf } from '../../../setup/lock/owner.mjs';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const deadPid = () => spawnSync(process.execPath, ['-e', '0']).pid;
const held = (by: string) => JSON.stringify({ id: `${by}-1`, process: by, host: hostname(), pid: 7, children: [] });
const holdLock = fileURLToPath(new URL('../holdLock.ts', import.meta.url));

describe('lockRun', () => {
  const place = useTemporaryFolder();

  it('keeps a second training out until it is released', async () => {
    const lock = lockRun(place());
    assert.throws(() => lockRun(place()), /is in use by process \d+; wait for it, name another by --run, or remove/);
    lock.release();
    lockRun(place()).release();
    assert.deepEqual(await readdir(place()), []);
  });

  it('holds against another process while that lives, and not after it was killed', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', holdLock, place()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    assert.throws(() => lockRun(place()), new RegExp(`process ${child.pid};`));
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockRun(place());
    assert.equal((JSON.parse(await readFile(place(lockName), 'utf8')) as { pid: number }).pid, process.pid);
    assert.deepEqual(await readdir(place()), [lockName]);
  });

  it('takes a lock over whose process id was given to another process', async function () {
    if (process.platform !== 'linux') this.skip(); // elsewhere the start of a process is not looked up
    const [pid, , ...here] = ownerOf(process.ppid).split('-');
    await writeFile(place(lockName), held([pid, 1, ...here].join('-')));
    lockRun(place());
  });

  it('respects a lock from another machine and one that cannot be read yet', async () => {
    for (const text of [held('7-1-0-abcdef01-abcdef02-1'), '']) {
      await writeFile(place(lockName), text);
      assert.throws(() => lockRun(place()), UserError);
      assert.equal(await readFile(place(lockName), 'utf8'), text);
    }
  });

  // Two containers with one host name trained in one folder: each looked for the other's process among its own.
  it('holds against another container of the same machine and host name', async () => {
    const [pid, start, machine, boot] = ownerOf(deadPid()).split('-');
    const text = held([pid, start, machine, boot, 'abcdef01', '1'].join('-'));
    await writeFile(place(lockName), text);
    assert.throws(() => lockRun(place()), /is in use by process 7; /);
    assert.equal(await readFile(place(lockName), 'utf8'), text);
  });
});
