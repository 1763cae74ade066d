import { onceEach } from '../../../data/stream/candidateCounts.js';
import assert from 'node:assert/strict';
import { parsePool, poolTokens } from './pool.js';

describe('parsePool', () => {
  it('reads queries and passages of each', () => {
    assert.deepEqual(parsePool('8x64'), { queries: 8, passagesPerQuery: 64 });
  });

  for (const text of ['8', '0x4', '8x', '8x64x2', '-1x3'])
    it(`refuses ${text}`, () => {
      assert.throws(() => parsePool(text), /^UserError: --pool must be queries x passages of each, such as 8x64; got /);
    });
});

describe('poolTokens', () => {
  it('takes the first passage of each group as the positive of its query, and all as candidates', () => {
    const { targets, counts, passages } = poolTokens({
      queries: 2,
      passagesPerQuery: 3,
      queryTokens: [[1], [2]],
      passageTokens: [[10], [11], [12], [20], [21], [22]],
    });
    assert.deepEqual(
      passages,
      [10, 11, 12, 20, 21, 22].map((id) => Int32Array.of(id)),
    );
    assert.deepEqual(targets, [0, 3]);
    assert.deepEqual(counts, onceEach(2, 6));
  });
});
