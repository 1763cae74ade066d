import assert from 'node:assert/strict';
import { addLowRank } from '../../../checkpoints/export/addLowRank.js';

describe('addLowRank', () => {
  it('adds the product of two matrices of low rank', () => {
    const rows = Float32Array.of(1, 1, 1, 1, 1, 1);
    // [1 2; 3 4; 5 6] [10 20; 1 2] = [12 24; 34 68; 56 112]
    addLowRank(rows, Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(10, 20, 1, 2), 3, 2, 2);
    assert.deepEqual([...rows], [13, 25, 35, 69, 57, 113]);
  });

  // Whole numbers are exact in float32 in any order, so every way through the loops must agree to the last digit.
  for (const [height, rank, width] of [
    [1, 1, 1],
    [2, 4, 3],
    [3, 5, 7],
    [4, 8, 5],
    [5, 6, 1],
    [2, 3, 9],
  ] as const)
    it(`equals the definition for [${height}, ${rank}] times [${rank}, ${width}]`, () => {
      const left = Float32Array.from({ length: height * rank }, (_, i) => ((i * 7) % 11) - 5);
      const right = Float32Array.from({ length: rank * width }, (_, i) => ((i * 5) % 13) - 6);
      const rows = Float32Array.from({ length: height * width }, (_, i) => i);
      const expected = [...rows].map((value, i) => {
        const row = Math.floor(i / width);
        const terms = Array.from({ length: rank }, (_, r) => left[row * rank + r]! * right[r * width + (i % width)]!);
        return terms.reduce((sum, term) => sum + term, value);
      });
      addLowRank(rows, left, right, height, rank, width);
      assert.deepEqual([...rows], expected);
    });
});
