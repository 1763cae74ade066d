import assert from 'node:assert/strict';
import { cosine, leastCosine, relativeError } from './likeness.js';

describe('likeness', () => {
  it('is the cosine of two vectors', () => {
    assert.equal(cosine([3, 4], [4, 3]), 24 / 25);
    assert.equal(cosine([1, 0], [0, 1]), 0);
    assert.equal(cosine([0, 0], [0, 0]), 1);
  });

  it('of matrices is that of the rows that are least alike', () => {
    assert.equal(leastCosine([1, 0, 3, 4], [2, 0, 4, 3], 2), 24 / 25);
  });

  it('is lost as far as the difference is long', () => {
    assert.equal(relativeError([3, 4], [3, 4]), 0);
    assert.equal(relativeError([3, 6.5], [3, 4]), 0.5);
    assert.throws(() => relativeError([1], [1, 2]), /1 numbers, not 2/);
  });
});
