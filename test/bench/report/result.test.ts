import assert from 'node:assert/strict';
import { rate } from './result.js';

describe('rate', () => {
  // A large model encodes some passages a second: 3.96 and 2.81 were both told as whole numbers, 4 and 3.
  it('keeps three digits of small rates, and whole large ones', () => {
    assert.deepEqual([3.961, 28.06, 99.96, 1234.5].map(rate), ['3.96', '28.1', '100', '1,235']);
  });
});
