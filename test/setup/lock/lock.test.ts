import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerOf } from '../../../setup/lock/owner.mjs';

type Work<T> = (register: (pid: number) => () => void) => Promise<T>;
const lockModule = new URL('../../../setup/lock/lock.mjs', import.meta.url).href;
const { lockHolder, tryLock, withLock } = (await import(lockModule)) as {
  withLock<T>(path: string, waiting: (holder: string) => void, work: Work<T>): Promise<T>;
  lockHolder(path: string): string | undefined;
  tryLock(path: string): {
    lock?: { addChild(pid: number): () => void; isHeld(): boolean; release(): void };
    holder?: string;
    since?: string;
  };
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const holderText = (by: string, children: string[] = []) =>
  JSON.stringify({ id: `${by}-1`, process: by, host: 'box', pid: 7, children });
const deadPid = () => spawnSync(process.execPath, ['-e', '0']).pid;
const silent = () => {};
/** Of another boot and process namespace, on a machine that is not known. */
const elsewhere = '7-1-0-abcdef01-abcdef02-1';

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
    const told: string[] = [];
    await Promise.all([
      withLock(path, silent, work('first')),
      pause(50).then(() => withLock(path, (holder) => told.push(holder), work('second'))),
    ]);
    assert.deepEqual(events, ['first in', 'first out', 'second in', 'second out']);
    assert.deepEqual(told, [`process ${process.pid}`]);
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
    writeFileSync(path, holderText(ownerOf(deadPid()), [ownerOf(orphan.pid!)]));
    const second = enter();
    await pause(250);
    assert.ok(!second.entered);
    orphan.kill('SIGKILL');
    await second.done;
    assert.ok(second.entered);
  });

  it('says who holds it, and since when, also where a killed holder left children behind', () => {
    assert.equal(lockHolder(path), undefined);
    const { lock } = tryLock(path);
    assert.equal(lockHolder(path), `process ${process.pid}`);
    const { holder, since } = tryLock(path);
    assert.equal(holder, `process ${process.pid}`);
    // Each child has the file written anew: its age once told when the last one began.
    const remove = lock!.addChild(process.ppid);
    assert.equal(tryLock(path).since, since);
    remove();
    lock!.release();
    const dead = ownerOf(deadPid());
    writeFileSync(path, holderText(dead, [ownerOf(process.ppid)]).replace('"box"', JSON.stringify(hostname())));
    assert.equal(lockHolder(path), 'what process 7 started before it died');
    writeFileSync(path, holderText(dead));
    assert.equal(lockHolder(path), undefined);
  });

  // A lock was taken for dead by the age of its file, which a slow clock, a pause or a sleeping machine brings about.
  it('does not take over a lock of another machine or container for its age', async () => {
    writeFileSync(path, holderText(elsewhere));
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(path, longAgo, longAgo);
    const second = enter();
    await pause(400);
    assert.ok(!second.entered);
    rmSync(path); // released over there
    await second.done;
    assert.ok(second.entered);
  });

  // It removed whatever lay there: the lock of somebody who had come after a removal by hand.
  it('releases its own lock alone', async () => {
    await withLock(path, silent, async () => {
      rmSync(path);
      writeFileSync(path, holderText(elsewhere));
    });
    assert.equal(readFileSync(path, 'utf8'), holderText(elsewhere));
  });

  it('lets one of many take over a dead lock', async () => {
    for (let round = 0; round < 5; round++) {
      writeFileSync(path, holderText(ownerOf(deadPid())));
      const script = `const { tryLock } = await import(${JSON.stringify(lockModule)});
        while (Date.now() < ${Date.now() + 700}) {}
        const { lock } = tryLock(${JSON.stringify(path)}); console.log(lock ? 'in' : 'out'); setTimeout(() => {}, 2500)`;
      const started = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '-e', script]));
      const said = await Promise.all(
        started.map((each) => new Promise<string>((resolve) => each.stdout.once('data', (text) => resolve(`${text}`)))),
      );
      assert.deepEqual(said.sort(), ['in\n', 'out\n', 'out\n', 'out\n']);
      assert.deepEqual(readdirSync(folder), ['engine.lock']);
      for (const each of started) each.kill('SIGKILL');
    }
  });

  it('follows a process that was killed while it took over', () => {
    const dead = ownerOf(deadPid());
    writeFileSync(path, holderText(dead));
    const second = JSON.stringify({ id: `${dead}-2`, process: dead, host: 'box', pid: 8, children: [] });
    writeFileSync(`${path}.after-${dead}-1`, second);
    assert.ok(tryLock(path).lock?.isHeld());
    assert.deepEqual(readdirSync(folder), ['engine.lock']);
  });

  it('lists a registered child in the lock until it is taken off', async () => {
    const children = () => (JSON.parse(readFileSync(path, 'utf8')) as { children: string[] }).children;
    await withLock(path, silent, async (register) => {
      const takeOff = register(process.ppid);
      assert.deepEqual(children(), [ownerOf(process.ppid)]);
      takeOff();
      assert.deepEqual(children(), []);
    });
  });
});
