import assert from 'node:assert/strict';
import { kendallTau } from '../../../eval/statistics/kendallTau.js';
import { rankShares } from '../../../eval/statistics/rankShares.js';

const values = (...numbers: number[]) => Float64Array.from(numbers);

describe('rankShares', () => {
  it('is sure of models that differ on every query, and shares the places of equal ones', () => {
    const { shares, meanRanks } = rankShares([[[values(0, 0, 0), values(1, 1, 1), values(0, 0, 0)]]], 1, 64);
    assert.deepEqual(shares, [
      [0, 0.5, 0.5],
      [1, 0, 0],
      [0, 0.5, 0.5],
    ]);
    assert.deepEqual(meanRanks, [2.5, 1, 2.5]);
  });

  it('draws the same queries for all models', () => {
    // Always 0.1 apart though both move a lot: never another order.
    const { shares } = rankShares([[[values(0, 0.9, 0.3), values(0.1, 1, 0.4)]]], 1, 200);
    assert.ok(Math.abs(shares[1]![0]! - 1) < 1e-9);
  });

  it('says how often two models change places', () => {
    // Two of three queries favour the first. It loses where at most one of three draws hits those:
    // (1/3)^3 + 3 (2/3) (1/3)^2 = 7/27.
    const { shares } = rankShares([[[values(1, 1, 0), values(0, 0, 1)]]], 1, 20_000);
    assert.ok(Math.abs(shares[0]![1]! - 7 / 27) < 0.015, `${shares[0]![1]}`);
  });

  it('counts the parts of a task as one: their mean', () => {
    // By 3 parts to 1 the second model would lead; by tasks the first does: 0.9 + 0 against 0 + 0.6.
    const parts = [1, 2, 3].map(() => [values(0, 0), values(0.6, 0.6)]);
    const { shares } = rankShares([[[values(0.9, 0.9), values(0, 0)]], parts], 1, 64);
    assert.deepEqual(shares, [
      [1, 0],
      [0, 1],
    ]);
  });
});

describe('kendallTau', () => {
  it('counts agreeing pairs less disagreeing ones', () => {
    // Of the six pairs of 1 2 3 4 and 1 3 2 4 one disagrees: (5 - 1) / 6.
    assert.equal(kendallTau([1, 2, 3, 4], [1, 3, 2, 4]), 4 / 6);
    assert.equal(kendallTau([1, 2, 3], [3, 2, 1]), -1);
  });

  it('is undefined where one side has no order', () => {
    assert.equal(kendallTau([1, 1], [1, 2]), null);
    assert.equal(kendallTau([1, 2], [1, 1]), null);
  });
});
