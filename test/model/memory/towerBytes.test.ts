import assert from 'node:assert/strict';
import { towerAdapterElements, towerBytes } from '../../../model/memory/towerBytes.js';
import type { VisionConfig } from '../../../model/vision/visionConfig.js';

/** Of Qwen2.5-VL-7B. */
const config = {
  ...{ hidden: 1280, intermediate: 3420, blocks: 32, heads: 16, headDim: 80, patch: 14, merge: 2, out: 3584 },
} as VisionConfig;

/** Small enough to work by hand: tokens of 2 x 2 patches of 3 pixels a side. */
const small = {
  ...{ hidden: 8, intermediate: 10, blocks: 3, heads: 2, headDim: 4, patch: 3, merge: 2, out: 5 },
} as VisionConfig;

describe('towerBytes', () => {
  it('counts the matrices of blocks, of patches and of the merger', () => {
    // a block 4 of 8 x 8 and 3 of 8 x 10: 496; patches 3 x 3 x 3 to 8: 216; the merger 32 x 32 and 32 x 5
    assert.equal(towerBytes(small, 2, 4, 0).weights, 2 * (3 * 496 + 216 + 1024 + 160));
  });

  it('counts what a block that sees the whole image holds, and all of it that a tape holds', () => {
    // 4 tokens are 16 patches, whose scores are 2 heads x 256
    assert.equal(towerBytes(small, 2, 4, 0).working, 4 * (16 * (12 * 8 + 4 * 10) + 3 * 512));
    assert.equal(
      towerBytes(small, 2, 4, 0, { isAdapted: true }).working,
      4 * (16 * (3 * 8 + 88 * 8 + 34 * 10) + 5 * 512),
    );
  });

  it('counts for a tower that learns the inputs of all blocks, gradients of features, and the images themselves', () => {
    const [frozen, adapted] = [false, true].map((is) =>
      towerBytes(config, 2, 768, 1000, { isAdapted: is, isFused: false }),
    );
    assert.equal(adapted!.weights, frozen!.weights);
    const inputs = 4 * 32 * 4 * 768 * 1280; // 0.5 GB for an image of 768 tokens
    assert.ok(adapted!.working > frozen!.working + inputs);
    assert.equal(frozen!.features, 1000 * 4 * 3584);
    assert.equal(adapted!.features, 1000 * (2 * 4 * 3584 + 28 * 28 * 3));
  });

  it('counts no scores where fused operations run: memory grows with the patches of an image, not with their square', () => {
    for (const isAdapted of [false, true]) {
      const [some, twice, more] = [768, 1536, 2304].map(
        (tokens) => towerBytes(config, 2, tokens, 0, { isAdapted, isFused: true }).working,
      );
      assert.equal(more! - twice!, twice! - some!);
    }
    // 3,072 patches: six tables as wide as the states, three as gate, turns of 80; the weights of gate and up, 35 MB, beside them.
    const forward = 4 * (3072 * (6 * 1280 + 3 * 3420 + 80) + 2 * 1280 * 3420);
    assert.equal(towerBytes(config, 2, 768, 0, { isAdapted: false, isFused: true }).working, forward);
    // The merger's thirty and a token's four, 3,584 wide, for its four patches, beside the inputs of 32 blocks.
    const gradient = 4 * 3072 * (32 * 1280 + 80 + 30 * 1280 + 3584);
    assert.equal(towerBytes(config, 2, 768, 0, { isAdapted: true, isFused: true }).working, gradient);
  });
});

describe('towerAdapterElements', () => {
  it('counts both halves on every linear layer of the blocks', () => {
    // 22.3 million at rank 32: qkv 1280 + 3840, proj 1280 + 1280, gate, up and down 1280 + 3420 each.
    assert.equal(towerAdapterElements(config, 32), 32 * 32 * (1280 + 3840 + 2560 + 3 * 4700));
  });
});
