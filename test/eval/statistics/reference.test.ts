import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { bootstrapInterval, holmAdjusted, randomizationTest } from '../../../eval/statistics/statistics.js';
import { detectableEffect } from '../../../eval/statistics/detectableDifference.js';
import { kendallTau } from '../../../eval/statistics/kendallTau.js';
import { pairedTTest } from '../../../eval/statistics/pairedTTest.js';
import { studentCritical, studentTwoSided } from '../../../eval/statistics/studentT.js';

/** Made by test/fixtures/statistics.py with SciPy 1.17 and statsmodels 0.15. */
const reference = JSON.parse(readFileSync(new URL('../../fixtures/statistics.json', import.meta.url), 'utf8')) as {
  examples: (Record<'t' | 'p_t' | 'p_permutation' | 'low' | 'high' | 'effect_size', number> &
    Record<'model' | 'baseline', number[]>)[];
  holm: { p: number[]; adjusted: number[] };
  sign_flips: { sizes: 'equal' | 'ranks'; count: number; plus: number; p: number }[];
  detectable: { count: number; level: number; effect: number }[];
  student: { t: number; freedom: number; p: number }[];
  critical: { p: number; freedom: number; t: number }[];
  kendall: { one: number[]; other: number[]; tau: number }[];
};
const examples = reference.examples.map(({ model, baseline, ...expected }) => ({
  ...expected,
  differences: model.map((value, index) => value - baseline[index]!),
}));

const near = (found: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: ${found}, not ${expected}`);
const nearRatio = (found: number, expected: number, share: number, what: string) =>
  near(found, expected, share * Math.abs(expected) + 1e-300, what);

describe('statistics, as SciPy and statsmodels have them', () => {
  it('paired t-test: p to ten digits, effect size to twelve', () => {
    for (const { differences, p_t, effect_size } of examples) {
      const { p, effectSize } = pairedTTest(differences);
      nearRatio(p!, p_t, 1e-10, `p of ${differences.length}`);
      nearRatio(effectSize!, effect_size, 1e-12, `d of ${differences.length}`);
    }
  });

  it('randomisation test: exactly where all signs are counted, else within the errors of both', () => {
    for (const { differences, p_permutation } of examples) {
      const p = randomizationTest(differences, { seed: 0 });
      const isExact = differences.length <= 13;
      // SciPy draws 200,000 signs; ours has a relative standard error of 2 %.
      const error = Math.sqrt((p_permutation * (1 - p_permutation)) / 200_000) + 5e-6 + 0.02 * p_permutation;
      near(p, p_permutation, isExact ? 1e-12 : 4 * error, `p of ${differences.length}`);
    }
  });

  // No p could be below 1 / 10,001, so that after correction for many tests none was small.
  it('randomisation test far into the tail: as the binomial test and the signed-rank test have it', () => {
    for (const { sizes, count, plus, p } of reference.sign_flips) {
      const minus = count - plus;
      const differences = Array.from(
        { length: count },
        (_, index) => (index < minus ? -1 : 1) * (sizes === 'equal' ? 1 : index + 1),
      );
      const share = count <= 20 ? 1e-12 : p > 1e-7 ? 0.12 : 0.6;
      nearRatio(randomizationTest(differences, { seed: 0 }), p, share, `p of ${plus} of ${count} ${sizes}`);
    }
  });

  it('percentile bootstrap: ends within 4 % of the width', () => {
    for (const { differences, low, high } of examples) {
      const found = bootstrapInterval(differences, { seed: 0 });
      near(found.low, low, 0.04 * (high - low), `low of ${differences.length}`);
      near(found.high, high, 0.04 * (high - low), `high of ${differences.length}`);
    }
  });

  it("Holm's correction", () => {
    const adjusted = holmAdjusted(reference.holm.p);
    reference.holm.adjusted.forEach((p, index) => near(adjusted[index]!, p, 1e-12, `p ${index}`));
  });

  it('effect size found with power 0.8: to five digits', () => {
    for (const { count, level, effect } of reference.detectable)
      nearRatio(detectableEffect(count, { level }), effect, 1e-5, `of ${count} queries at ${level}`);
  });

  it("Student's distribution and its critical values: to ten digits", () => {
    for (const { t, freedom, p } of reference.student)
      nearRatio(studentTwoSided(t, freedom), p, 1e-10, `t ${t}, ${freedom} degrees`);
    for (const { p, freedom, t } of reference.critical)
      nearRatio(studentCritical(p, freedom), t, 1e-10, `p ${p}, ${freedom} degrees`);
  });

  it("Kendall's tau-b", () => {
    for (const { one, other, tau } of reference.kendall) near(kendallTau(one, other)!, tau, 1e-12, one.join());
  });
});
