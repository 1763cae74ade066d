import assert from 'node:assert/strict';
import { countDistinct } from '../../../data/inspect/countDistinct.js';
import { createTally } from '../../../data/inspect/tally.js';

describe('createTally', () => {
  it('gives mean, ends and quantiles that occur', () => {
    const tally = createTally();
    for (let value = 100; value >= 1; value--) tally.add(value);
    assert.deepEqual(tally.spread(), { count: 100, min: 1, mean: 50.5, median: 50, p95: 95, p99: 99, max: 100 });
    const few = createTally();
    for (const value of [3, 3, 10]) few.add(value);
    assert.deepEqual(few.spread(), { count: 3, min: 3, mean: 16 / 3, median: 3, p95: 10, p99: 10, max: 10 });
  });

  it('counts values in a half-open range', () => {
    const tally = createTally();
    for (const value of [1, 2, 2, 3, 9]) tally.add(value);
    assert.deepEqual([tally.between(2, 3), tally.between(2, Infinity), tally.between(4, 9)], [2, 4, 0]);
  });
});

describe('countDistinct', () => {
  it('counts all and different texts, past its first capacity and more than once', () => {
    const counter = countDistinct();
    for (let index = 0; index < 3000; index++) counter.add(`text ${index % 1100}`);
    assert.deepEqual(counter.count(), { all: 3000, distinct: 1100 });
    counter.add('text 1');
    counter.add('new');
    assert.deepEqual(counter.count(), { all: 3002, distinct: 1101 });
    assert.deepEqual(countDistinct().count(), { all: 0, distinct: 0 });
  });
});
