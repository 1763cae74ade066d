import assert from 'node:assert/strict';
import { PairQueue } from '../../../data/demonstration/pairQueue.js';

describe('PairQueue', () => {
  it('counts a pair as often as its words occur', () => {
    const queue = new PairQueue([
      { ids: [1, 2, 3], count: 4 },
      { ids: [2, 3], count: 5 },
    ]);
    assert.deepEqual(queue.takeMostFrequent(), { left: 2, right: 3, count: 9 });
    assert.deepEqual(queue.takeMostFrequent(), { left: 1, right: 2, count: 4 });
    assert.equal(queue.takeMostFrequent(), null);
  });

  it('prefers the smaller left id, then the smaller right id', () => {
    const queue = new PairQueue([
      { ids: [3, 1], count: 2 },
      { ids: [1, 5], count: 2 },
      { ids: [1, 4], count: 2 },
    ]);
    const order = [1, 2, 3].map(() => queue.takeMostFrequent());
    assert.deepEqual(
      order.map((pair) => [pair?.left, pair?.right]),
      [
        [1, 4],
        [1, 5],
        [3, 1],
      ],
    );
  });

  it('merges from left to right and counts the new neighbours', () => {
    const words = [{ ids: [1, 1, 1, 2], count: 3 }];
    const queue = new PairQueue(words);
    const best = queue.takeMostFrequent();
    assert.deepEqual(best, { left: 1, right: 1, count: 6 });
    queue.merge(best, 9);
    assert.deepEqual(words[0]?.ids, [9, 1, 2]);
    assert.deepEqual(queue.takeMostFrequent(), { left: 1, right: 2, count: 3 });
    assert.deepEqual(queue.takeMostFrequent(), { left: 9, right: 1, count: 3 });
    assert.equal(queue.takeMostFrequent(), null);
  });

  it('gives a pair that lost some of its places its new count', () => {
    const queue = new PairQueue([
      { ids: [1, 2, 3], count: 5 },
      { ids: [2, 3], count: 2 },
      { ids: [1, 2], count: 3 },
    ]);
    const best = queue.takeMostFrequent();
    assert.deepEqual(best, { left: 1, right: 2, count: 8 });
    queue.merge(best, 9);
    // (2, 3) stood seven times; the five within [1, 2, 3] went into (9, 3).
    assert.deepEqual(queue.takeMostFrequent(), { left: 9, right: 3, count: 5 });
    assert.deepEqual(queue.takeMostFrequent(), { left: 2, right: 3, count: 2 });
  });
});
