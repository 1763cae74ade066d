import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ownerOf } from '../../../setup/lock/owner.mjs';
import { latestState, pruneStates, readState, saveState, type State } from '../../../checkpoints/run/state.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const state = (...values: number[]): State => ({
  tensors: new Map([['weights', { shape: [1, values.length], values: Float32Array.from(values) }]]),
  data: { position: { epoch: 1, row: values[0] } },
});

/** A process that has ended. */
const dead = ownerOf(spawnSync(process.execPath, ['--version']).pid);

describe('saveState', () => {
  const place = useTemporaryFolder();

  it('is read back bit by bit, with its data', async () => {
    const saved: State = {
      tensors: new Map([
        ['weights', { shape: [2, 2], values: Float32Array.of(0.1, -0, Infinity, 2 ** -149) }],
        ['moments', { shape: [1], values: Float32Array.of(7) }],
      ]),
      data: { position: { epoch: 1 }, random: [1, 2], hash: 'x' },
    };
    const folder = await saveState(place('state'), 100, saved);
    assert.equal(folder, place('state/step-000100'));
    assert.deepEqual(await readState(folder), { step: 100, folder, ...saved });
    assert.deepEqual(await readdir(place('state')), ['step-000100']);
  });

  it('replaces a state of the same step', async () => {
    await saveState(place(), 5, state(1));
    await saveState(place(), 5, state(2));
    assert.deepEqual((await latestState(place())).state!.data, state(2).data);
    assert.deepEqual(await readdir(place()), ['step-000005']);
  });

  it('removes what a dead process left unfinished', async () => {
    const living = `step-000009.partial-${ownerOf(process.ppid)}`;
    await mkdir(place(`step-000009.partial-${dead}`));
    await mkdir(place(living));
    await saveState(place(), 1, state(1));
    assert.deepEqual((await readdir(place())).sort(), ['step-000001', living]);
  });

  it('leaves a whole state, the newest or the one before, whenever its process is killed', async () => {
    const script = fileURLToPath(new URL('../saveStates.ts', import.meta.url));
    let lastMark = -1;
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, ['--import', 'tsx', script, place(), String(lastMark + 1)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await delay(20 + 100 * Math.random()); // some tens of saves: the kill falls anywhere in one
      child.kill('SIGKILL');
      await once(child, 'exit');
      const { state: found, warnings } = await latestState(place());
      assert.deepEqual(warnings, []);
      const mark = found ? (found.data.mark as number) : -1;
      assert.ok(mark >= lastMark, `state ${mark} is older than ${lastMark}, which was complete before`);
      assert.ok(found?.tensors.get('numbers')!.values.every((value) => value === mark) ?? true);
      lastMark = mark;
    }
    assert.ok(lastMark >= 0, 'no state was ever saved');
    await saveState(place(), 1_000_000, state(1));
    assert.ok((await readdir(place())).every((name) => /^step-\d+$/.test(name)));
  });
});

describe('saveState on a full disk', () => {
  // Registered first, so that it runs before the folder around the disk is removed.
  afterEach(() => {
    spawnSync('umount', [disk()]);
  });
  const place = useTemporaryFolder();
  const disk = () => place('disk');

  beforeEach(async function () {
    await mkdir(disk());
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk()]);
    if (mounted.status === 0) return;
    console.log('    skipped: a small disk can only be mounted by root');
    this.skip();
  });

  it('says in one line what is needed and keeps the earlier state', async () => {
    await saveState(disk(), 1, state(1, 2, 3));
    const large: State = {
      tensors: new Map([['w', { shape: [500_000], values: new Float32Array(500_000) }]]),
      data: {},
    };
    await assert.rejects(saveState(disk(), 2, large), (error: Error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(
        error.message,
        /^no space left to write .*step-000002\/state\.safetensors \(2,000,\d\d\d bytes needed\); [^\n]+$/,
      );
      return true;
    });
    assert.deepEqual(await readdir(disk()), ['step-000001']);
    assert.deepEqual((await latestState(disk())).state!.data, state(1, 2, 3).data);
  });

  it('keeps the state of the same step that it could not replace', async () => {
    await saveState(disk(), 1, state(1));
    const large: State = {
      tensors: new Map([['w', { shape: [500_000], values: new Float32Array(500_000) }]]),
      data: {},
    };
    await assert.rejects(saveState(disk(), 1, large), /no space left/);
    assert.deepEqual((await latestState(disk())).state!.data, state(1).data);
  });
});

describe('latestState', () => {
  const place = useTemporaryFolder();

  it('finds none where none was saved', async () => {
    assert.deepEqual(await latestState(place('absent')), { state: undefined, warnings: [] });
  });

  it('takes the greatest step, not the greatest name, and no unfinished one', async () => {
    await saveState(place(), 999_999, state(1));
    await saveState(place(), 1_000_000, state(2));
    await rename(place('step-999999'), place(`step-2000000.partial-${dead}`));
    await saveState(place(), 3, state(3));
    assert.equal((await latestState(place())).state!.step, 1_000_000);
  });

  const damages: [what: string, damage: (folder: string) => Promise<unknown>, why: RegExp][] = [
    ['lost its numbers', (folder) => rm(`${folder}/state.safetensors`), /state\.safetensors does not exist/],
    ['lost its data', (folder) => rm(`${folder}/state.json`), /state\.json does not exist/],
    ['was cut short', (folder) => cut(`${folder}/state.safetensors`), /is cut short/],
    ['has a flipped bit', (folder) => flip(`${folder}/state.safetensors`), /its numbers are not those that were saved/],
    ['holds other JSON', (folder) => writeFile(`${folder}/state.json`, '{}'), /lacks step or data/],
  ];
  for (const [what, damage, why] of damages)
    it(`falls back, with a warning, when the newest ${what}`, async () => {
      await saveState(place(), 1, state(1));
      await damage(await saveState(place(), 2, state(2)));
      const { state: found, warnings } = await latestState(place());
      assert.equal(found!.step, 1);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /step-000002 is passed over: /);
      assert.match(warnings[0]!, why);
    });

  it('refuses to start silently from nothing when every state is damaged', async () => {
    await rm(`${await saveState(place(), 1, state(1))}/state.json`);
    await assert.rejects(latestState(place()), /no state in .* can be used .*; start again under another --run/);
  });

  it('still finds a state whose replacement died between the two renames', async () => {
    await saveState(place(), 1, state(1));
    await rename(place('step-000001'), place(`step-000001.replaced-${dead}`));
    assert.equal((await latestState(place())).state!.step, 1);
    await saveState(place(), 2, state(2));
    assert.deepEqual((await readdir(place())).sort(), ['step-000001', 'step-000002']);
  });
});

describe('pruneStates', () => {
  const place = useTemporaryFolder();

  it('keeps the newest', async () => {
    for (const step of [10, 9, 100]) await saveState(place(), step, state(step));
    await pruneStates(place(), 2);
    assert.deepEqual((await readdir(place())).sort(), ['step-000010', 'step-000100']);
    await pruneStates(place(), 2);
    assert.ok(existsSync(place('step-000010')));
    await assert.rejects(pruneStates(place(), 0), /must keep at least 1 state; got 0/);
  });
});

describe('pruneStates with steps to spare', () => {
  const place = useTemporaryFolder();

  // The best state could not outlive the newest ones.
  it('keeps them beside the newest, which they do not count among', async () => {
    for (const step of [1, 2, 3, 4]) await saveState(place(), step, state(step));
    await pruneStates(place(), 1, [2]);
    assert.deepEqual((await readdir(place())).sort(), ['step-000002', 'step-000004']);
    await saveState(place(), 5, state(5));
    await pruneStates(place(), 1, [5]);
    assert.deepEqual((await readdir(place())).sort(), ['step-000004', 'step-000005']);
  });
});

async function cut(file: string) {
  const handle = await open(file, 'r+');
  await handle.truncate((await handle.stat()).size - 1);
  await handle.close();
}

async function flip(file: string) {
  const bytes = await readFile(file);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(file, bytes);
}
