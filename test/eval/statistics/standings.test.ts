import assert from 'node:assert/strict';
import { rankShares } from '../../../eval/statistics/rankShares.js';
import { rankInterval, standings } from '../../../eval/statistics/standings.js';

const values = (...numbers: number[]) => Float64Array.from(numbers);

// Reports told which models differ from the baseline, but not which may be the best.
describe('standings', () => {
  it('tells by how much chance each model could be as good as the best', () => {
    // Two tasks of 4 and 2 queries. b lies 0.2 behind a on every query: of the 2^6 signs, weighed 1/4 and 1/2, only all alike
    // reach as far: p = 2 / 64, for 3 pairs of models. c is as good as a in sum: 1.
    const tasks = [
      [[values(0.5, 0.6, 0.7, 0.8), values(0.3, 0.4, 0.5, 0.6), values(0.6, 0.5, 0.7, 0.79)]],
      [[values(0.5, 0.9), values(0.3, 0.7), values(0.6, 0.8)]],
    ];
    const [a, b, c] = standings(tasks, rankShares(tasks, 0), 0);
    assert.deepEqual([a!.pBest, b!.pBest, c!.pBest], [null, (3 * 2) / 64, 1]);
    assert.ok(Math.abs(a!.mean - (0.65 + 0.7) / 2) < 1e-12);
    assert.deepEqual([b!.lowRank, b!.highRank], [3, 3]);
    assert.deepEqual([a!.lowRank, a!.highRank], [1, 2]);
  });

  it('counts the parts of a task as one', () => {
    const part = [values(1, 1), values(0, 0)];
    const other = [values(0, 0), values(0.9, 0.9)];
    // Parts: 1 and 0 is 0.5 for the one, 0.45 for the other.
    const found = standings([[part, other]], rankShares([[part, other]], 0), 0);
    assert.deepEqual(
      found.map(({ mean }) => mean),
      [0.5, 0.45],
    );
  });
});

describe('rankInterval', () => {
  it('leaves out no more than 2.5 % of the samples on either side', () => {
    assert.deepEqual(rankInterval([0.02, 0.48, 0.48, 0.02]), { lowRank: 2, highRank: 3 });
    assert.deepEqual(rankInterval([0.03, 0.94, 0, 0.03]), { lowRank: 1, highRank: 4 });
    assert.deepEqual(rankInterval([1, 0, 0]), { lowRank: 1, highRank: 1 });
    assert.deepEqual(rankInterval([0, 0.025, 0.975]), { lowRank: 3, highRank: 3 });
  });
});
