import assert from 'node:assert/strict';
import { seededRandom } from '../../../data/random.js';
import { holmAdjusted, randomizationTest } from '../../../eval/statistics/statistics.js';
import { detectableEffect } from '../../../eval/statistics/detectableDifference.js';
import { pairedTTest } from '../../../eval/statistics/pairedTTest.js';

/** Draws from the normal distribution. Source: Box and Muller, 1958. */
function normal(seed: number) {
  const random = seededRandom('families', seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The largest number that a binomial count passes once in a thousand times, by the normal distribution. */
const atMost = (trials: number, chance: number) =>
  trials * chance + 3.1 * Math.sqrt(trials * chance * (1 - chance)) + 1;

describe('families of tests', function () {
  this.timeout(60_000);
  const queries = 24;
  const draw = normal(1);
  const differences = (effect: number, count = queries) => Array.from({ length: count }, () => effect + draw());
  // Few draws make p larger, never smaller than it may be.
  const test = (each: readonly number[], seed: number) => randomizationTest(each, { seed, draws: 200 });

  it('without any difference: p is below each level no more often than that, families of 3, 30 and 600 no more than 5 %', () => {
    const pValues = Array.from({ length: 3000 }, (_, seed) => test(differences(0), seed));
    for (const level of [0.5, 0.05, 0.05 / 3, 0.05 / 30, 0.05 / 600]) {
      const below = pValues.filter((p) => p < level).length;
      assert.ok(below <= atMost(3000, level), `${below} of 3000 below ${level}`);
    }
    // Neither is the test blind: about 5 % are below 5 %.
    assert.ok(pValues.filter((p) => p < 0.05).length > 100);
    for (const size of [3, 30, 600]) {
      const families = Array.from({ length: 3000 / size }, (_, index) =>
        holmAdjusted(pValues.slice(index * size, (index + 1) * size)),
      );
      const wrong = families.filter((family) => family.some((p) => p < 0.05)).length;
      assert.ok(wrong <= atMost(families.length, 0.05), `${wrong} of ${families.length} families of ${size}`);
    }
  });

  it('with one difference among 3, 30 and 600: shown as often as theory says of a t-test at that level', () => {
    for (const size of [3, 30, 600]) {
      const effect = detectableEffect(60, { level: 0.05 / size, power: 0.8 });
      const others = Array.from({ length: size - 1 }, (_, index) => (index + 1) / size);
      const shown = Array.from({ length: 300 }, (_, seed) =>
        holmAdjusted([test(differences(effect, 60), seed), ...others]),
      ).filter(([p]) => p! < 0.05).length;
      // 240 of 300 with a standard deviation of 7; the randomisation test may be a little less sharp.
      assert.ok(shown > 210 && shown < 264, `${shown} of 300 in families of ${size}`);
    }
  });

  // With a least p of 1 / 10,001 none of 576 was below 0.05 after correction, whatever the difference.
  it('shows every difference of a study in which all are large', () => {
    const large = differences(1.5, 300);
    const p = randomizationTest(large, { seed: 0 });
    assert.ok(p < 1e-40 && p > 0, `${p}; t-test ${pairedTTest(large).p}`);
    assert.ok(holmAdjusted(Array<number>(576).fill(p)).every((each) => each < 1e-30));
  });
});
