import assert from 'node:assert/strict';
import { seededRandom } from '../../../../data/random.js';
import { sampleTexts } from '../../../../train/step/texts/sampleTexts.js';
import { assertClose } from '../../../assertions.js';

const always = () => 0;
const never = () => 1 - 2 ** -32;

describe('sampleTexts', () => {
  // Squares 16 + 1 + 1 + 1 = 19, of which a share of 19/20 leaves a variance of 1: the three short ones have a chance of 3/4
  // each, since 3 x (4/3 - 1) x 1 = 1.
  it('leaves to chance the shortest gradients, until the variance this adds comes to what the share leaves', () => {
    const sample = sampleTexts([1, 4, 1, 1], 0.95, always);
    assertClose(sample.factors, [4 / 3, 1, 4 / 3, 4 / 3], 1e-12);
    assertClose([sample.variance, sample.square], [1, 19], 1e-12);
    assert.deepEqual([...sampleTexts([1, 4, 1, 1], 0.95, never).factors], [0, 1, 0, 0]);
    assert.equal(sampleTexts([1, 4, 1, 1], 0.95, never).passed, 1);
  });

  // Half of the expected square is 19 of variance: chances of n x 7/38, since 38/7 x (4 + 1 + 1 + 1) - 19 = 19.
  it('leaves all of them to chance where the share allows it, in proportion to their lengths', () => {
    const { factors, variance } = sampleTexts([4, 1, 1, 1], 0.5, always);
    assertClose(factors, [38 / 28, 38 / 7, 38 / 7, 38 / 7], 1e-12);
    assertClose([variance], [19], 1e-12);
  });

  it('backpropagates every text at a share of 1, but those without a gradient', () => {
    const { factors, passed, variance } = sampleTexts([3, 0, 0.1, 2], 1, never);
    assertClose(factors, [1, 0, 1, 1], 1e-12);
    assert.equal(passed, 3);
    assertClose([variance], [0], 1e-12);
    assert.deepEqual([...sampleTexts([0, 0], 0.5, always).factors], [0, 0]);
  });

  it('gives over many seeds the exact gradient, and the variance that it says', () => {
    const lengths = Array.from({ length: 40 }, (_, text) => 1 / (1 + text) ** 1.5);
    const draws = 4000;
    const sums = lengths.map(() => 0);
    let squares = 0;
    let told = 0;
    for (let seed = 0; seed < draws; seed++) {
      const { factors, variance } = sampleTexts(lengths, 0.8, seededRandom(seed));
      factors.forEach((factor, text) => (sums[text]! += factor * lengths[text]!));
      squares += lengths.reduce((sum, length, text) => sum + ((factors[text]! - 1) * length) ** 2, 0);
      told = variance;
    }
    const square = lengths.reduce((sum, length) => sum + length ** 2, 0);
    assertClose([told], [square / 4], 1e-9, 'variance'); // 1 / 0.8 - 1
    assertClose([squares / draws], [told], 0.05 * told, 'variance over the seeds');
    // Five standard errors of each mean: a text's chance is at least its factor's inverse.
    sums.forEach((sum, text) => {
      const { factors } = sampleTexts(lengths, 0.8, always);
      const error = lengths[text]! * Math.sqrt((factors[text]! - 1) / draws);
      assertClose([sum / draws], [lengths[text]!], 5 * error + 1e-12, `text ${text}`);
    });
  });
});
