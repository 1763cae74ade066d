import { randomizationTest } from './statistics.js';
import type { RankShares, TaskParts } from './rankShares.js';

/** Where one of several models stands by its mean over tasks. */
export interface Standing {
  /** Its mean over the tasks; parts of a task count alike. */
  mean: number;
  /** The ranks between which it came in 95 % of the samples of queries, from 1. */
  lowRank: number;
  highRank: number;
  /**
   * Of being as good as the model with the highest mean, two-sided, raised for the number of all pairs of models, since the
   * best was found by looking at all of them; null for that model itself.
   */
  pBest: number | null;
}

/**
 * Standings of models by their mean over tasks. Source of the p-value: the randomisation test over the queries of all tasks, each
 * weighed as it counts in the mean; raised by Bonferroni's method.
 * @param tasks   as `rankShares` takes them
 * @param shares  what it gave
 */
export function standings(tasks: readonly TaskParts[], { shares }: RankShares, seed: number): Standing[] {
  const means = shares.map((_, model) => tasks.reduce((sum, parts) => sum + taskMean(parts, model), 0) / tasks.length);
  const best = means.indexOf(Math.max(...means));
  const pairs = (means.length * (means.length - 1)) / 2;
  return means.map((mean, model) => ({
    mean,
    ...rankInterval(shares[model]!),
    pBest: model === best ? null : Math.min(1, pairs * randomizationTest(weighed(tasks, best, model), { seed })),
  }));
}

/** The ranks that leave out at most 2.5 % of the samples on either side. */
export function rankInterval(shares: readonly number[]): Pick<Standing, 'lowRank' | 'highRank'> {
  const tail = 0.025 + 1e-9; // sums of shares are not exact
  let [low, high] = [0, shares.length - 1];
  for (let below = shares[low]!; below <= tail; below += shares[low]!) low++;
  for (let above = shares[high]!; above <= tail; above += shares[high]!) high--;
  return { lowRank: low + 1, highRank: high + 1 };
}

function taskMean(parts: TaskParts, model: number): number {
  const means = parts.map((values) => values[model]!.reduce((sum, value) => sum + value, 0) / values[model]!.length);
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/** What each query adds to the difference of two means over the tasks. */
function weighed(tasks: readonly TaskParts[], one: number, other: number): number[] {
  return tasks.flatMap((parts) =>
    parts.flatMap((values) =>
      Array.from(values[one]!, (value, query) => (value - values[other]![query]!) / values[one]!.length / parts.length),
    ),
  );
}
