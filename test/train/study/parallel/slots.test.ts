import assert from 'node:assert/strict';
import { sharedMachine, shareOut, type SharedMachine } from '../../../../train/study/parallel/slots.js';

const processor: SharedMachine = { cards: [], cores: 8, memory: 100e9 };
const box: SharedMachine = { cards: ['0', '3', 'GPU-7f'], cores: 12, memory: 300e9 };
const five = [10e9, 20e9, 10e9, 10e9, 0];

describe('the slots of a study side by side', () => {
  it('are one for each card, with its share of threads and memory', () => {
    const slots = shareOut(undefined, five, box, {});
    assert.deepEqual(
      slots.map(({ env }) => env['CUDA_VISIBLE_DEVICES']),
      ['0', '3', 'GPU-7f'],
    );
    for (const { env } of slots)
      assert.deepEqual([env['TF_NUM_INTRAOP_THREADS'], env['TERCET_MEMORY_MEGABYTES']], ['4', '100000']);
    assert.equal(shareOut(2, five, box, {}).length, 2);
    assert.equal(shareOut(undefined, [10e9], box, {}).length, 1);
  });

  it('leave threads as the user gives them', () => {
    const [slot] = shareOut(undefined, five, box, { OMP_NUM_THREADS: '2' });
    assert.equal(slot!.env['TF_NUM_INTRAOP_THREADS'], '2');
  });

  it('are as many on the processor as the largest cell, the cores and the cells allow', () => {
    // 80 % of 100 GB hold 20 GB four times.
    assert.equal(shareOut(undefined, five, processor, {}).length, 4);
    assert.equal(shareOut(undefined, five, { ...processor, cores: 2 }, {}).length, 2);
    assert.equal(shareOut(undefined, [1e9, 1e9], processor, {}).length, 2);
    assert.equal(shareOut(undefined, [1e12], processor, {}).length, 1);
  });

  it('are one, with all of the machine, where the memory of a cell is not known', () => {
    assert.deepEqual(shareOut(undefined, [1e9, undefined], processor, {}), [{ env: {} }]);
    assert.equal(shareOut(2, [1e9, undefined], processor, {}).length, 2);
  });

  it('are refused where there is no room for them', () => {
    assert.throws(() => shareOut(4, five, box, {}), {
      name: 'UserError',
      message: '--parallel 4: a cell takes a card of its own, and 3 are to be seen here; give that number, or none',
    });
    assert.throws(() => shareOut(5, five, processor, {}), {
      name: 'UserError',
      message:
        '--parallel 5: a cell takes up to 20.0 GB, and of 100.0 GB free there is room for 4; give that number, or none',
    });
  });

  it('are none on cards that the environment hides', () => {
    assert.deepEqual(sharedMachine({ CUDA_VISIBLE_DEVICES: '' }).cards, []);
    assert.deepEqual(sharedMachine({ TERCET_BACKEND: 'wasm' }).cards, []);
  });
});
