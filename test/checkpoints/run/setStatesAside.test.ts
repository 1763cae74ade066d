import assert from 'node:assert/strict';
import { readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { setStatesAside } from '../../../checkpoints/run/setStatesAside.js';
import { latestState, pruneStates, saveState } from '../../../checkpoints/run/state.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const state = (value: number) => ({
  tensors: new Map([['a', { shape: [2], values: Float32Array.of(value, -value) }]]),
  data: { value },
});

describe('setStatesAside', () => {
  const place = useTemporaryFolder();

  // A file still being copied, or a permission that was lacking, cost the newest state.
  it('keeps a state that cannot be read for the moment, under another name, and says so', async () => {
    await saveState(place(), 10, state(10));
    const file = `${await saveState(place(), 20, state(20))}/state.safetensors`;
    const whole = await readFile(file);
    await truncate(file, whole.length - 1); // still being copied
    assert.equal((await latestState(place())).state!.step, 10);
    const [told, ...others] = await setStatesAside(place(), 10);
    assert.match(told!, /step-000020 could not be used and is set aside as step-000020\.set-aside; nothing of it is/);
    assert.deepEqual(others, []);
    await saveState(place(), 20, state(21));
    await pruneStates(place(), 1);
    assert.deepEqual((await readdir(place())).sort(), ['step-000020', 'step-000020.set-aside']);
    await writeFile(place('step-000020.set-aside/state.safetensors'), whole); // the copy has ended
    await rename(place('step-000020.set-aside'), place('step-000030'));
    assert.deepEqual((await latestState(place())).state!.data, { value: 20 });
  });

  it('sets a second one aside beside the first', async () => {
    for (const value of [1, 2]) {
      await truncate(`${await saveState(place(), 20, state(value))}/state.json`, 5);
      await setStatesAside(place(), 10);
    }
    assert.deepEqual((await readdir(place())).sort(), ['step-000020.set-aside', 'step-000020.set-aside-2']);
  });

  it('removes a state whose numbers are not those that were saved, and says so', async () => {
    const file = `${await saveState(place(), 20, state(20))}/state.safetensors`;
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    assert.match((await setStatesAside(place(), 10))[0]!, /step-000020 is removed: its numbers are not those/);
    assert.deepEqual(await readdir(place()), []);
  });

  it('lets pruning keep the good states, and minds no absent folder', async () => {
    await saveState(place(), 10, state(10));
    await truncate(`${await saveState(place(), 20, state(20))}/state.json`, 0);
    await setStatesAside(place(), 10);
    await saveState(place(), 15, state(15));
    await pruneStates(place(), 1);
    assert.deepEqual((await readdir(place())).sort(), ['step-000015', 'step-000020.set-aside']);
    assert.deepEqual(await setStatesAside(place('absent'), 0), []);
  });
});
