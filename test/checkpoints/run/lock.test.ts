import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { lockName, lockRun } from '../../../checkpoints/run/lock.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const holdLock = fileURLToPath(new URL('../holdLock.ts', import.meta.url));

describe('lockRun', () => {
  const place = useTemporaryFolder();

  it('keeps a second training out until it is released', async () => {
    const lock = await lockRun(place());
    await assert.rejects(
      lockRun(place()),
      /is in use by process \d+ on .*; wait for it, name another by --run, or remove/,
    );
    await lock.release();
    await (await lockRun(place())).release();
    assert.deepEqual(await readdir(place()), []);
  });

  it('holds against another process while that lives, and not after it was killed', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', holdLock, place()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await assert.rejects(lockRun(place()), new RegExp(`process ${child.pid} on`));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await lockRun(place());
    assert.equal((JSON.parse(await readFile(place(lockName), 'utf8')) as { pid: number }).pid, process.pid);
    assert.deepEqual(await readdir(place()), [lockName]);
  });

  it('takes a lock over whose process id was given to another process', async function () {
    if (process.platform !== 'linux') this.skip(); // elsewhere the start of a process is not looked up
    const earlier = { pid: process.ppid, host: hostname(), started: '1' };
    await writeFile(place(lockName), JSON.stringify(earlier));
    await lockRun(place());
  });

  it('respects a lock from another machine and one that cannot be read yet', async () => {
    for (const held of [JSON.stringify({ pid: 1, host: 'elsewhere', started: '1' }), '']) {
      await writeFile(place(lockName), held);
      await assert.rejects(lockRun(place()), UserError);
      assert.equal(await readFile(place(lockName), 'utf8'), held);
    }
  });
});
