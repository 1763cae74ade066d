import { studentTwoSided } from './studentT.js';

/** What the mean and the spread of paired differences say. */
export interface PairedTTest {
  /** Standard deviation of the differences, n - 1 in the denominator. */
  deviation: number;
  /** Cohen's d for paired values: mean over standard deviation; null where all differences are equal. */
  effectSize: number | null;
  /** Two-sided p-value of Student's paired t-test; null where it is not defined. */
  p: number | null;
}

/**
 * Student's paired t-test and the effect size d_z. Source: Sakai, Laboratory Experiments in Information Retrieval
 * (2018), sections 2.2 and 5.2.
 * @param differences  one a query
 */
export function pairedTTest(differences: readonly number[]): PairedTTest {
  const count = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / count;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = count < 2 ? 0 : Math.sqrt(squares / (count - 1));
  // Equal differences: what is left of them is rounding.
  if (deviation <= 1e-12 * Math.abs(mean) || count < 2)
    return { deviation: 0, effectSize: null, p: mean === 0 ? 1 : null };
  const effectSize = mean / deviation;
  return { deviation, effectSize, p: studentTwoSided(effectSize * Math.sqrt(count), count - 1) };
}
