import type { Pair, ResultRow } from '../score/reportData.js';
import { bootstrapInterval, holmAdjusted, randomizationTest } from './statistics.js';
import { detectableEffect } from './detectableDifference.js';
import { pairedTTest } from './pairedTTest.js';

/** One model against another on one task, over the queries that both were judged on. */
export interface Difference extends Pair {
  task: string;
  metric: string;
  queries: number;
  /** Mean of the model less that of the baseline. */
  difference: number;
  /** 95 % bootstrap interval of the difference. */
  low: number;
  high: number;
  /** Of the paired randomisation test, two-sided. */
  p: number;
  /** The same by Holm's method, over all differences of the report. */
  pHolm: number;
  /** Of the paired t-test, two-sided; null where it is not defined. */
  pT: number | null;
  /** Cohen's d for paired values; null where all differences are equal. */
  effectSize: number | null;
  /** The smallest difference that as many queries, spread as these are, show with power 0.8 at p = 0.05. */
  detectable: number | null;
  /** Queries on which the model is better, equal, worse. */
  wins: number;
  ties: number;
  losses: number;
}

/** The pair that a run's report is about, where it has both. */
export const tunedAgainstBase: Pair = { model: 'tuned', baseline: 'base' };

/**
 * Test each pair on each task where both have values for single queries. Seeded: the same numbers each time.
 * @param onProgress  told the tests done of all
 */
export function differences(
  results: readonly ResultRow[],
  pairs: readonly Pair[],
  onProgress: (done: number, all: number) => void = () => {},
): Difference[] {
  const found: Difference[] = [];
  const all = new Set(results.map(({ task }) => task)).size * pairs.length;
  let done = 0;
  for (const task of new Set(results.map(({ task }) => task)))
    for (const pair of pairs) {
      const rowOf = (model: string) => results.find((row) => row.task === task && row.model === model);
      const difference = compareRows(rowOf(pair.model), rowOf(pair.baseline));
      if (difference) found.push({ ...pair, ...difference, task });
      onProgress(++done, all);
    }
  const adjusted = holmAdjusted(found.map(({ p }) => p));
  return found.map((difference, place) => ({ ...difference, pHolm: adjusted[place]! }));
}

function compareRows(row?: ResultRow, baseline?: ResultRow): Omit<Difference, keyof Pair | 'task'> | undefined {
  const metric = Object.keys(row?.metrics ?? {})[0];
  if (!row?.perQuery || !baseline?.perQuery || metric === undefined || !(metric in baseline.metrics)) return undefined;
  const each: number[] = [];
  for (const [queryId, scores] of row.perQuery) {
    const other = baseline.perQuery.get(queryId);
    if (other) each.push(scores[metric]! - other[metric]!);
  }
  if (each.length === 0) return undefined;
  const wins = each.filter((value) => value > 0).length;
  const losses = each.filter((value) => value < 0).length;
  const p = randomizationTest(each, { seed });
  const { p: pT, effectSize, deviation } = pairedTTest(each);
  return {
    metric,
    queries: each.length,
    difference: each.reduce((sum, value) => sum + value, 0) / each.length,
    ...bootstrapInterval(each, { seed }),
    p,
    pHolm: p,
    pT,
    effectSize,
    detectable: deviation > 0 ? detectableEffect(each.length) * deviation : null,
    wins,
    ties: each.length - wins - losses,
    losses,
  };
}

const seed = 0;
