import assert from 'node:assert/strict';
import { readBaseFile } from '../../../configs/load/baseFile.js';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { tf } from '../../../model/engine/tf.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { expectedPlan } from '../../../model/describe/expectedPlan.js';
import type { MemoryPlan } from '../../../model/memory/memoryPlan.js';

describe('expectedPlan', () => {
  before(async () => void (await startEngine()));
  const { config } = loadConfig('study', ['training.memoryMegabytes=100000', 'contract.precision=float32']);

  const bytesANumber = () => (tf.getBackend() === 'wasm' ? 8 : 4);

  it('counts the frozen weights of a 7B base without table and head, and five copies of its adapters', () => {
    const { bytes } = expectedPlan(readBaseFile('qwen-base').shape!, config) as MemoryPlan;
    // A layer's matrices hold 3584 (3584 + 512 + 512 + 3584) + 3 · 3584 · 18944 numbers of four bytes, on WebAssembly twice
    assert.equal(bytes.weights, bytesANumber() * 28 * (3584 * (3584 + 512 + 512 + 3584) + 3 * 3584 * 18944));
    assert.equal(bytes.adapters, 5 * 4 * 80_740_352);
  });

  it('says what is needed where that is more than is allowed', () => {
    const tight = { ...config, training: { ...config.training, memoryMegabytes: 20_000 } };
    const { needs } = expectedPlan(readBaseFile('qwen-base').shape!, tight) as { needs: number };
    assert.ok(needs > 6.5e9 * bytesANumber() && needs < 6.5e9 * bytesANumber() + 6e9, `${needs}`);
  });
});
