import { UserError } from '../../configs/userError.js';
import type { Qrels } from '../../data/task/readQrels.js';
import { mapRun } from './packedRun.js';
import { inTrecOrder, type Ranking, type Run } from './ranking.js';

export interface RunScores {
  /** Every query of the judgements; 0 for each measure of a query that the run lacks. */
  perQuery: Map<string, Record<string, number>>;
  mean: Record<string, number>;
}

/**
 * Score a run as `trec_eval -c` does: rankings in trec_eval's order, the mean taken over every judged query.
 * @param metricNames  such as `ndcg@10`, `mrr@10`, `recall@100`, `precision@5`, `map@1000`, `success@1`; `-l2` at the
 *   end counts grades from 2 on as relevant (trec_eval -l), which nDCG, made of grades, does not heed
 * @throws UserError on a name that is none of these, and on a score that is not a number
 */
export function scoreRun(run: Run, qrels: Qrels, metricNames: readonly string[]): RunScores {
  const metrics = metricNames.map((name) => ({ name, ...parseMetric(name) }));
  const perQuery = new Map<string, Record<string, number>>();
  for (const [queryId, judgements] of qrels) {
    const ranking = run.get(queryId) ?? [];
    requireNumbers(queryId, ranking);
    const grades = inTrecOrder(ranking).map(({ id }) => judgements.get(id) ?? 0);
    const ideal = [...judgements.values()].sort((one, two) => two - one);
    perQuery.set(
      queryId,
      Object.fromEntries(
        metrics.map(({ name, measure, depth, level }) => [name, measure(grades, ideal, depth, level)]),
      ),
    );
  }
  const mean = Object.fromEntries(
    metricNames.map((name) => {
      let sum = 0;
      for (const scores of perQuery.values()) sum += scores[name]!;
      return [name, perQuery.size === 0 ? 0 : sum / perQuery.size];
    }),
  );
  return { perQuery, mean };
}

/** A run without the document that has its query's own id (ArguAna, Quora), judged or not. Source: BEIR `evaluation.py`. */
export const withoutIdenticalIds = (run: Run): Run =>
  mapRun(run, (ranking, queryId) => ranking.filter(({ id }) => id !== queryId));

/** How deep a run must go for these metrics. @throws UserError on an unknown name */
export function metricDepth(metricNames: readonly string[]): number {
  return Math.max(...metricNames.map((name) => parseMetric(name).depth));
}

/** What a metric is, in words. @throws UserError on an unknown name */
export function describeMetric(name: string): string {
  const { kind, depth, level } = parseMetric(name);
  return definitions[kind].replaceAll('K', String(depth)).replaceAll('L', String(level));
}

/**
 * @param grades  grade of each document retrieved, best document first; 0 where not judged
 * @param ideal   every grade given for the query, highest first
 * @param depth   documents looked at
 * @param level   lowest grade that counts as relevant
 */
type Measure = (grades: number[], ideal: number[], depth: number, level: number) => number;

/** trec_eval calls it success, papers on images hit, or R@1 where they mean it of the first. */
const found: Measure = (grades, _, depth, level) => Number(grades.slice(0, depth).some((grade) => grade >= level));

const measures = {
  ndcg: (grades, ideal, depth) => ratio(discountedGain(grades, depth), discountedGain(ideal, depth)),
  mrr: (grades, _, depth, level) => {
    const place = grades.slice(0, depth).findIndex((grade) => grade >= level);
    return place < 0 ? 0 : 1 / (place + 1);
  },
  recall: (grades, ideal, depth, level) => ratio(relevant(grades.slice(0, depth), level), relevant(ideal, level)),
  precision: (grades, _, depth, level) => relevant(grades.slice(0, depth), level) / depth,
  map: (grades, ideal, depth, level) => {
    let relevantSoFar = 0;
    let sum = 0;
    grades.slice(0, depth).forEach((grade, index) => {
      if (grade >= level) sum += ++relevantSoFar / (index + 1);
    });
    return ratio(sum, relevant(ideal, level));
  },
  success: found,
  hit: found,
} satisfies Record<string, Measure>;

const definitions: Record<keyof typeof measures, string> = {
  ndcg: 'normalised discounted cumulative gain of the first K: gain = grade, discount log2(rank + 1)',
  mrr: 'reciprocal rank of the first document of grade L or more, 0 beyond rank K',
  recall: 'share of the documents of grade L or more that are among the first K',
  precision: 'share of the first K that is of grade L or more',
  map: 'mean of the precision at each document of grade L or more among the first K, over all such documents',
  success: '1 if a document of grade L or more is among the first K, else 0',
  hit: '1 if a document of grade L or more is among the first K, else 0',
};

function requireNumbers(queryId: string, ranking: Ranking): void {
  const wrong = ranking.find(({ score }) => Number.isNaN(score));
  if (wrong)
    throw new UserError(
      `the score of document ${wrong.id} for query ${queryId} is not a number; no order can be made of it`,
    );
}

function parseMetric(name: string): { kind: keyof typeof measures; measure: Measure; depth: number; level: number } {
  const [, kind, depth, level] = /^([a-z]+)@([1-9]\d*)(?:-l([1-9]\d*))?$/.exec(name) ?? [];
  if (kind === undefined || !Object.hasOwn(measures, kind))
    throw new UserError(`a metric is one of ${Object.keys(measures).join(', ')} with a depth, as ndcg@10; got ${name}`);
  const known = kind as keyof typeof measures;
  return { kind: known, measure: measures[known], depth: Number(depth), level: Number(level ?? 1) };
}

function discountedGain(grades: number[], depth: number): number {
  let sum = 0;
  grades.slice(0, depth).forEach((grade, index) => {
    if (grade > 0) sum += grade / Math.log2(index + 2);
  });
  return sum;
}

const relevant = (grades: number[], level: number) => grades.filter((grade) => grade >= level).length;
const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
