import assert from 'node:assert/strict';
import { cutPatches } from '../../../data/image/patches.js';

describe('cutPatches', () => {
  it('goes block by block, patch by patch in a block, and by channel in a patch', () => {
    // Patches of one pixel in blocks of two by two: the red of a pixel is its number, green and blue are more by 100 and 200.
    const numbers = Array.from({ length: 8 }, (_, number) => number);
    const image = {
      bytes: Uint8Array.from(numbers.flatMap((n) => [n, n + 100, n + 200])),
      height: 2,
      width: 4,
    };
    const { rows, columns, patches } = cutPatches(image, { patch: 1, merge: 2 });
    assert.deepEqual([rows, columns], [2, 4]);
    assert.deepEqual(
      [...patches],
      [0, 1, 4, 5, 2, 3, 6, 7].flatMap((n) => [n, n + 100, n + 200]),
    );
  });

  it('goes row by row in a patch', () => {
    const image = { bytes: Uint8Array.from({ length: 12 }, (_, index) => index), height: 2, width: 2 };
    assert.deepEqual(
      [...cutPatches(image, { patch: 2, merge: 1 }).patches],
      [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], // the red of four pixels, then green, then blue
    );
  });
});
