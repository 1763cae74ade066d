import assert from 'node:assert/strict';
import { resample } from '../../../data/image/resample.js';

/** A grey image of one row or one column. */
const line = (values: number[], upright = false) => ({
  bytes: Uint8Array.from(values.flatMap((value) => [value, value, value])),
  height: upright ? values.length : 1,
  width: upright ? 1 : values.length,
});
const reds = ({ bytes }: { bytes: Uint8Array }) => [...bytes.filter((_, index) => index % 3 === 0)];

// Shrunk to half, an output sees inputs at a quarter, three quarters and five quarters of the kernel's unit:
// weights 0.8671875, 0.2265625 and -0.0703125. At a border those that are there, 1.890625 together, make up for the rest.
describe('resample', () => {
  it('widens the kernel where it shrinks, and rounds to bytes', () => {
    // (0.2265625 - 0.0703125) / 1.890625 * 255 = 21.07
    assert.deepEqual(reds(resample(line([0, 0, 255, 255]), { height: 1, width: 2 })), [21, 234]);
    assert.deepEqual(reds(resample(line([0, 0, 255, 255], true), { height: 2, width: 1 })), [21, 234]);
  });

  it('clips what the kernel takes below 0 and above 255', () => {
    // 0.8671875 / 1.890625 * 255 = 116.96; -0.0703125 / 1.890625 * 255 = -9.48
    assert.deepEqual(reds(resample(line([255, 0, 0, 0]), { height: 1, width: 2 })), [117, 0]);
    assert.deepEqual(reds(resample(line([0, 255, 255, 255]), { height: 1, width: 2 })), [138, 255]);
  });

  it('leaves one colour as it is, larger or smaller', () => {
    for (const width of [1, 3, 5, 64]) {
      const { bytes } = resample(line([7, 7, 7, 7, 7]), { height: 2, width });
      assert.deepEqual(new Set(bytes), new Set([7]));
      assert.equal(bytes.length, 2 * width * 3);
    }
  });

  it('goes across first and rounds in between', () => {
    // Across: rows of 117 and 0, rounded; down the same weights: 117 * 0.4587 = 53.67. One pass would give 53.65.
    const corner = { bytes: new Uint8Array(4 * 4 * 3), height: 4, width: 4 };
    corner.bytes.set([255, 255, 255]);
    assert.deepEqual(reds(resample(corner, { height: 2, width: 2 })), [54, 0, 0, 0]);
  });

  it('takes the channels apart', () => {
    const pixels = { bytes: Uint8Array.of(0, 255, 10, 0, 255, 10), height: 1, width: 2 };
    assert.deepEqual([...resample(pixels, { height: 1, width: 1 }).bytes], [0, 255, 10]);
  });
});
