import assert from 'node:assert/strict';
import { attentionSlices } from '../../../../model/layer/xla/attentionSlices.js';

describe('attentionSlices', () => {
  it('cuts texts of like length into slices of one shape, and says where each row went', () => {
    // Rows 0 to 1, 2 to 18 and 19 to 20 of 32: slices of 16 places take two texts, those of 32 one.
    const { slices, placeOfRow } = attentionSlices([2, 17, 2], 32);
    assert.deepEqual(
      slices.map(({ texts, time, lengths }) => [texts, time, [...lengths]]),
      [
        [2, 16, [2, 2]],
        [1, 32, [17]],
      ],
    );
    assert.deepEqual([...slices[0]!.rows.subarray(0, 3)], [0, 1, 0]);
    assert.deepEqual([...slices[0]!.rows.subarray(16, 19)], [19, 20, 0]);
    assert.deepEqual([...placeOfRow.subarray(0, 4)], [0, 1, 32, 33]);
    // Both rows of the third text, and the first that belongs to none: it lies behind all 64 places.
    assert.deepEqual([...placeOfRow.subarray(19, 22)], [16, 17, 64]);
  });

  it('takes few times: powers of two and above 64 the middle between two of them', () => {
    const timeOf = (length: number) => attentionSlices([length], 4096).slices[0]!.time;
    assert.deepEqual(
      [1, 16, 17, 60, 65, 96, 97, 130, 200, 3000].map(timeOf),
      [16, 16, 32, 64, 96, 96, 128, 192, 256, 3072],
    );
  });

  it('opens another slice where one is full, and gives a text longer than any slice one of its own', () => {
    const { slices } = attentionSlices(new Array<number>(300).fill(16), 8192);
    assert.deepEqual(
      slices.map(({ texts }) => texts),
      [256, 256],
    );
    assert.deepEqual(
      attentionSlices([5000], 5120).slices.map(({ texts, time }) => [texts, time]),
      [[1, 6144]],
    );
  });
});
