import assert from 'node:assert/strict';
import { pairedTTest } from '../../../eval/statistics/pairedTTest.js';

describe('pairedTTest', () => {
  it('divides the mean by the standard deviation', () => {
    // Mean 2, deviations -1, 0, 1: standard deviation 1, d = 2, t = 2 sqrt(3); two degrees: p = 1 - t / sqrt(t² + 2).
    const { deviation, effectSize, p } = pairedTTest([1, 2, 3]);
    assert.deepEqual([deviation, effectSize], [1, 2]);
    assert.ok(Math.abs(p! - (1 - Math.sqrt(12 / 14))) < 1e-12, `${p}`);
  });

  it('has no effect size where all differences are equal, and no p unless they are 0', () => {
    assert.deepEqual(pairedTTest([0.1, 0.1, 0.1]), { deviation: 0, effectSize: null, p: null });
    assert.deepEqual(pairedTTest([0, 0]), { deviation: 0, effectSize: null, p: 1 });
    assert.deepEqual(pairedTTest([0.5]), { deviation: 0, effectSize: null, p: null });
  });
});
