import assert from 'node:assert/strict';
import { bootstrapInterval, holmAdjusted, randomizationTest } from '../../../eval/statistics/statistics.js';

describe('randomizationTest', () => {
  it('counts every combination of signs where there are few', () => {
    // Sums of ±1 ±2 ±3 are 6, 4, 2, 0, 0, -2, -4, -6: two of eight are as far from 0 as 6.
    assert.equal(randomizationTest([1, 2, 3], { seed: 1 }), 2 / 8);
    // -1 + 2 + 3 = 4: four of eight.
    assert.equal(randomizationTest([-1, 2, 3], { seed: 1 }), 4 / 8);
    // 13 differences of one sign: two of 2^13.
    assert.equal(randomizationTest(new Array<number>(13).fill(0.1), { seed: 1 }), 2 / 8192);
  });

  it('gives the same to a difference and its opposite', () => {
    assert.equal(randomizationTest([-1, -2, -3], { seed: 1 }), 0.25);
  });

  it('lets queries without a difference change nothing', () => {
    assert.equal(randomizationTest([0, 1, 0, 2, 3, ...new Array<number>(50).fill(0)], { seed: 1 }), 0.25);
    assert.equal(randomizationTest([0, 0], { seed: 1 }), 1);
    assert.equal(randomizationTest([], { seed: 1 }), 1);
  });

  it('comes near the exact value by random signs where there are many', () => {
    // 33 of 40 equal differences positive, 7 negative: P(X >= 33 or X <= 7) of Binomial(40, 1/2).
    const tail = Array.from({ length: 8 }, (_, k) => choose(40, k)).reduce((sum, ways) => sum + ways, 0);
    const exact = (2 * tail) / 2 ** 40; // 0.0000423
    const differences = [...new Array<number>(33).fill(1), ...new Array<number>(7).fill(-1)];
    const rare = randomizationTest(differences, { seed: 3 });
    assert.ok(Math.abs(rare / exact - 1) < 0.1, `${rare}`);
    // 24 against 16: P = 0.2682
    const even = randomizationTest([...new Array<number>(24).fill(1), ...new Array<number>(16).fill(-1)], { seed: 3 });
    assert.ok(Math.abs(even - 0.2682) < 0.015, `${even}`);
  });

  it('draws the same for the same seed, another for another', () => {
    const differences = Array.from({ length: 40 }, (_, index) => Math.sin(index) + 0.2);
    assert.equal(randomizationTest(differences, { seed: 1 }), randomizationTest(differences, { seed: 1 }));
    assert.notEqual(randomizationTest(differences, { seed: 1 }), randomizationTest(differences, { seed: 2 }));
  });
});

describe('bootstrapInterval', () => {
  it('is a point where all values are equal', () => {
    assert.deepEqual(bootstrapInterval([0.25, 0.25, 0.25], { seed: 1 }), { low: 0.25, high: 0.25 });
  });

  it('spans what the means of two values can be', () => {
    // Means are 0, 1/2, 1 with chances 1/4, 1/2, 1/4: more than 2.5 % lie at each end.
    assert.deepEqual(bootstrapInterval([0, 1], { seed: 1 }), { low: 0, high: 1 });
  });

  it('has the width of the normal interval for many values', () => {
    // 0 and 1 in equal parts: 1.96 * 0.5 / sqrt(400) = 0.049 to each side of 0.5.
    const { low, high } = bootstrapInterval(
      Array.from({ length: 400 }, (_, index) => index % 2),
      { seed: 1 },
    );
    assert.ok(Math.abs(low - 0.451) < 0.004 && Math.abs(high - 0.549) < 0.004, `${low} ${high}`);
  });
});

describe('holmAdjusted', () => {
  it('multiplies the smallest by the number of tests, the next by one less, and never falls', () => {
    // 0.01 * 4 = 0.04, 0.015 * 3 = 0.045, 0.03 * 2 = 0.06, then 0.04 * 1 raised to 0.06.
    const adjusted = holmAdjusted([0.03, 0.01, 0.04, 0.015]);
    assert.deepEqual(
      adjusted.map((p) => Number(p.toFixed(9))),
      [0.06, 0.04, 0.06, 0.045],
    );
  });

  it('stops at 1', () => assert.deepEqual(holmAdjusted([0.9, 0.6]), [1, 1]));
});

function choose(n: number, k: number): number {
  return Array.from({ length: k }, (_, index) => (n - index) / (index + 1)).reduce(
    (product, part) => product * part,
    1,
  );
}
