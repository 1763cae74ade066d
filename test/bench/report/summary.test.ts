import assert from 'node:assert/strict';
import { paddingShare, spread, summarize } from './summary.js';

describe('summarize', () => {
  it('gives the middle of an odd number of values, in any order, and both ends', () => {
    assert.deepEqual(summarize([5, 1, 30, 2, 4]), { median: 4, least: 1, most: 30 });
  });

  it('gives the mean of the two in the middle of an even number', () => {
    assert.deepEqual(summarize([8, 1, 4, 2]), { median: 3, least: 1, most: 8 });
  });

  it('refuses no values', () => {
    assert.throws(() => summarize([]), /no values/);
  });
});

describe('paddingShare', () => {
  it('counts the places of each chunk up to its longest text', () => {
    // Places 3 · 4 + 2 · 2 = 16, tokens 4 + 3 + 1 + 2 + 2 = 12.
    assert.equal(
      paddingShare([
        [4, 3, 1],
        [2, 2],
      ]),
      0.25,
    );
  });

  it('is zero where all texts of a chunk are alike', () => {
    assert.equal(paddingShare([[7, 7], [3]]), 0);
  });
});

describe('spread', () => {
  it('is how far the largest lies above the smallest', () => {
    assert.equal(spread([125, 100, 110]), 0.25);
  });
});
