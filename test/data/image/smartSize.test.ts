import assert from 'node:assert/strict';
import { UserError } from '../../../configs/userError.js';
import { smartSize } from '../../../data/image/smartSize.js';

const rules = { minPixels: 3136, maxPixels: 602112, alpha: 'drop', patch: 14, merge: 2 } as const;
const size = (height: number, width: number, more = {}) =>
  Object.values(smartSize({ height, width }, { ...rules, ...more })) as number[];

describe('smartSize', () => {
  it('rounds each side to the nearest block of 28 pixels, halves to the even number of blocks', () => {
    assert.deepEqual(size(70, 98), [56, 112]); // 2.5 and 3.5 blocks
    assert.deepEqual(size(69, 99), [56, 112]);
    assert.deepEqual(size(71, 97), [84, 84]);
  });

  it('shrinks to the most pixels and enlarges to the least, in whole blocks', () => {
    // The root of 2000 * 1000 / 200704 is 3.157: 633.5 and 316.8 pixels are 22.6 and 11.3 blocks, cut off.
    assert.deepEqual(size(2000, 1000, { maxPixels: 200704 }), [616, 308]);
    assert.deepEqual(size(28, 28), [56, 56]);
    assert.deepEqual(size(1, 1), [56, 56]);
    // 0 blocks high: the root of 3136 / 200 is 3.96, so 3.96 and 792 pixels, rounded up.
    assert.deepEqual(size(1, 200), [28, 812]);
  });

  it('leaves a narrow image above the most pixels rather than without a row', () => {
    assert.deepEqual(size(100, 20000, { maxPixels: 3136 }), [28, 784]);
  });

  it('refuses an image more than 200 times as long as wide', () => {
    assert.throws(() => size(1, 201), /^UserError: is 201 x 1 pixels; one side may be at most 200 times/);
    assert.throws(() => size(1, 201), UserError);
  });
});
