import assert from 'node:assert/strict';
import { windowOrder } from '../../../model/vision/windows.js';

describe('windowOrder', () => {
  it('lays whole windows first, then those at the right edge, at the bottom edge and in the corner', () => {
    // Windows of 2 x 2 over 3 rows of 5 tokens, counted row by row.
    const { order, classes } = windowOrder(3, 5, { window: 2 });
    assert.deepEqual([...order], [0, 1, 5, 6, 2, 3, 7, 8, 4, 9, 10, 11, 12, 13, 14]);
    assert.deepEqual(classes, [
      { start: 0, windows: 2, tokens: 4 },
      { start: 8, windows: 1, tokens: 2 },
      { start: 10, windows: 2, tokens: 2 },
      { start: 14, windows: 1, tokens: 1 },
    ]);
  });

  it('has one window where the image is not larger', () => {
    assert.deepEqual(windowOrder(2, 1, { window: 4 }), {
      order: Int32Array.of(0, 1),
      classes: [{ start: 0, windows: 1, tokens: 2 }],
    });
  });
});
