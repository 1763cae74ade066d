import assert from 'node:assert/strict';
import { seededRandom } from '../../../data/random.js';
import { lengthQuantiles, sampleLengths } from './lengths.js';

describe('sampleLengths', () => {
  for (const kind of ['query', 'passage'] as const)
    it(`gives lengths with the quantiles of a MS MARCO ${kind}`, () => {
      const quantiles = lengthQuantiles[kind];
      const lengths = sampleLengths(quantiles, 40_001, seededRandom('lengths')).sort((x, y) => x - y);
      for (const [place, expected] of quantiles.entries()) {
        const steps = quantiles.length - 1;
        const found = lengths[(place / steps) * (lengths.length - 1)]!;
        // The outermost lengths are rare: beside them a small shift of the place is a large one of the length.
        const isOutermost = place < 2 || place > steps - 2;
        assert.ok(Math.abs(found - expected) <= (isOutermost ? 3 : 1), `quantile ${place}: ${found}, not ${expected}`);
      }
    });

  it('goes straight from one quantile to the next', () => {
    const places = [0, 0.25, 0.5, 0.75, 0.999];
    assert.deepEqual(
      sampleLengths([10, 20, 60], 5, () => places.shift()!),
      [10, 15, 20, 40, 60],
    );
  });
});
