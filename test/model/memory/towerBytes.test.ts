import assert from 'node:assert/strict';
import { towerAdapterElements, towerBytes } from '../../../model/memory/towerBytes.js';
import type { VisionConfig } from '../../../model/vision/visionConfig.js';

/** Of Qwen2.5-VL-7B. */
const config = {
  ...{ hidden: 1280, intermediate: 3420, blocks: 32, heads: 16, headDim: 80, patch: 14, merge: 2, out: 3584 },
} as VisionConfig;

describe('towerBytes', () => {
  it('counts for a tower that learns the inputs of all blocks, gradients of features, and the images themselves', () => {
    const [frozen, adapted] = [false, true].map((is) => towerBytes(config, 2, 768, 1000, is));
    assert.equal(adapted!.weights, frozen!.weights);
    const inputs = 4 * 32 * 4 * 768 * 1280; // 0.5 GB for an image of 768 tokens
    assert.ok(adapted!.working > frozen!.working + inputs);
    assert.equal(frozen!.features, 1000 * 4 * 3584);
    assert.equal(adapted!.features, 1000 * (2 * 4 * 3584 + 28 * 28 * 3));
  });
});

describe('towerAdapterElements', () => {
  it('counts both halves on every linear layer of the blocks', () => {
    // 22.3 million at rank 32: qkv 1280 + 3840, proj 1280 + 1280, gate, up and down 1280 + 3420 each.
    assert.equal(towerAdapterElements(config, 32), 32 * 32 * (1280 + 3840 + 2560 + 3 * 4700));
  });
});
