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
  /** The same by Holm's method, over the tests of its family. */
  pHolm: number;
  /** Which tests answer one question together, so that they are corrected for their number. */
  family: string;
  /** Tests of the family. */
  tests: number;
  /** Of the paired t-test, two-sided; null where it is not defined. */
  pT: number | null;
  /** Cohen's d for paired values; null where all differences are equal. */
  effectSize: number | null;
  /**
   * The smallest difference that as many queries, spread as these are, show with power 0.8 where it is the only one of its
   * family: at the level that the smallest p-value is held against. Null where not even equal signs of all queries would pass.
   */
  detectable: number | null;
  /** Queries on which the model is better, equal, worse. */
  wins: number;
  ties: number;
  losses: number;
}

/** P-values below it count, after correction for their family. */
export const level = 0.05;

/** The one rule by which a difference counts as shown. */
export const isShown = ({ pHolm }: Pick<Difference, 'pHolm'>): boolean => pHolm < level;

/** The pair that a run's report is about, where it has both. */
export const tunedAgainstBase: Pair = { model: 'tuned', baseline: 'base' };

/**
 * Test each pair on each task where both have values for single queries. Several pairs ask of each task which of them
 * differ: the tests of a task are a family. One pair asks on which tasks it differs: all its tests are.
 * Seeded: the same numbers each time.
 * @param onProgress  told the tests done of all
 */
export function differences(
  results: readonly ResultRow[],
  pairs: readonly Pair[],
  onProgress: (done: number, all: number) => void = () => {},
): Difference[] {
  const found: Tested[] = [];
  const all = new Set(results.map(({ task }) => task)).size * pairs.length;
  let done = 0;
  for (const task of new Set(results.map(({ task }) => task)))
    for (const pair of pairs) {
      const rowOf = (model: string) => results.find((row) => row.task === task && row.model === model);
      const difference = compareRows(rowOf(pair.model), rowOf(pair.baseline));
      const family = pairs.length > 1 ? task : `${pair.model} - ${pair.baseline}`;
      if (difference) found.push({ ...pair, ...difference, task, family });
      onProgress(++done, all);
    }
  return corrected(found);
}

/** What the families of these tests are, in words. */
export function describeFamilies(tests: readonly Difference[]): string {
  const sizes = [...new Map(tests.map(({ family, tests: size }) => [family, size]))].map(([, size]) => size);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const count = least === most ? `${most} ${most === 1 ? 'test' : 'tests'}` : `${least} to ${most} tests`;
  return tests.every(({ family, task }) => family === task)
    ? `on which models differ, asked of each task: a family of ${count} a task`
    : `on which tasks the two differ: one family of ${count}`;
}

type Tested = Omit<Difference, 'pHolm' | 'tests' | 'detectable'> & { deviation: number };

function corrected(tested: readonly Tested[]): Difference[] {
  const families = new Map<string, Tested[]>();
  for (const test of tested) families.set(test.family, [...(families.get(test.family) ?? []), test]);
  const raised = new Map<Tested, number>();
  for (const family of families.values())
    holmAdjusted(family.map(({ p }) => p)).forEach((p, index) => raised.set(family[index]!, p));
  return tested.map((test) => {
    const { deviation, ...rest } = test;
    const tests = families.get(test.family)!.length;
    return { ...rest, pHolm: raised.get(test)!, tests, detectable: detectable(rest.queries, deviation, level / tests) };
  });
}

function detectable(queries: number, deviation: number, strictest: number): number | null {
  // Of so few queries even equal signs come by chance more often.
  if (deviation === 0 || 2 ** (1 - queries) >= strictest) return null;
  return detectableEffect(queries, { level: strictest }) * deviation;
}

function compareRows(row?: ResultRow, baseline?: ResultRow): Omit<Tested, keyof Pair | 'task' | 'family'> | undefined {
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
    pT,
    effectSize,
    deviation,
    wins,
    ties: each.length - wins - losses,
    losses,
  };
}

const seed = 0;
