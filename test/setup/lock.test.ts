import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

type Work<T> = (register: (pid: number) => () => void) => Promise<T>;
const lockModule = new URL('../../setup/lock.mjs', import.meta.url).href;
const { withLock } = (await import(lockModule)) as {
  withLock<T>(path: string, waiting: (pid: number) => void, work: Work<T>): Promise<T>;
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const deadPid = () => spawnSync(process.execPath, ['-e', '0']).pid;
const silent = () => {};

describe('withLock', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-lock-'));
    path = join(folder, 'engine.lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Begin a `withLock`; `entered` becomes true when it holds the lock. */
  function enter() {
    const state = { entered: false, done: Promise.resolve() };
    state.done = withLock(path, silent, async () => void (state.entered = true));
    return state;
  }

  it('lets the second in only when the first is out, and tells it once who the first is', async () => {
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} in`);
      await pause(300);
      events.push(`${name} out`);
    };
    const told: number[] = [];
    await Promise.all([
      withLock(path, silent, work('first')),
      pause(50).then(() => withLock(path, (pid) => told.push(pid), work('second'))),
    ]);
    assert.deepEqual(events, ['first in', 'first out', 'second in', 'second out']);
    assert.deepEqual(told, [process.pid]);
    assert.ok(!existsSync(path));
  });

  it('hands back what the work returns, and opens the lock when the work throws', async () => {
    assert.equal(await withLock(path, silent, async () => 7), 7);
    await assert.rejects(
      withLock(path, silent, () => Promise.reject(new Error('no'))),
      /^Error: no$/,
    );
    assert.ok(!existsSync(path));
  });

  it('takes over the lock of a process that was killed', async () => {
    const script = `const { withLock } = await import(${JSON.stringify(lockModule)});
      await withLock(${JSON.stringify(path)}, () => {}, () => { console.log('in'); return new Promise((r) => setTimeout(r, 60000)); })`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const second = enter();
    await pause(250);
    assert.ok(!second.entered);
    holder.kill('SIGKILL');
    await second.done;
    assert.ok(second.entered);
  });

  it('waits for the children that a killed holder left behind', async () => {
    const orphan = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    writeFileSync(path, JSON.stringify({ host: hostname(), pids: [deadPid(), orphan.pid] }));
    const second = enter();
    await pause(250);
    assert.ok(!second.entered);
    orphan.kill('SIGKILL');
    await second.done;
    assert.ok(second.entered);
  });

  it('takes over the lock of another machine after a minute without a sign of life, not before', async () => {
    writeFileSync(path, JSON.stringify({ host: 'another-machine', pids: [1] }));
    const second = enter();
    await pause(250);
    assert.ok(!second.entered);
    const longAgo = new Date(Date.now() - 61_000);
    utimesSync(path, longAgo, longAgo);
    await second.done;
    assert.ok(second.entered);
  });

  it('takes over a lock whose holder was killed before it wrote its name', async () => {
    writeFileSync(path, '');
    const begun = Date.now();
    await enter().done;
    assert.ok(Date.now() - begun >= 900, 'the holder gets a second to write it');
  });

  it('lists a registered child in the lock until it is taken off', async () => {
    const pids = () => (JSON.parse(readFileSync(path, 'utf8')) as { pids: number[] }).pids;
    await withLock(path, silent, async (register) => {
      const takeOff = register(4242);
      assert.deepEqual(pids(), [process.pid, 4242]);
      takeOff();
      assert.deepEqual(pids(), [process.pid]);
    });
  });
});
