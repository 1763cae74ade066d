import assert from 'node:assert/strict';
import { describeMetric, metricDepth, scoreRun, withoutIdenticalIds } from '../../../eval/measure/metrics.js';
import type { Run } from '../../../eval/measure/ranking.js';

const qrelsOf = (grades: Record<string, Record<string, number>>) =>
  new Map(Object.entries(grades).map(([query, documents]) => [query, new Map(Object.entries(documents))]));
/** Documents in the order given, scores falling from 100. */
const runOf = (rankings: Record<string, string[]>): Run =>
  new Map(
    Object.entries(rankings).map(([query, ids]) => [query, ids.map((id, index) => ({ id, score: 100 - index }))]),
  );
const means = (run: Run, qrels: ReturnType<typeof qrelsOf>, ...names: string[]) =>
  names.map((name) => Number(scoreRun(run, qrels, names).mean[name]!.toFixed(6)));

describe('scoreRun', () => {
  const qrels = qrelsOf({ q: { a: 2, b: 1, c: 1, x: 0 } });
  const run = runOf({ q: ['x', 'b', 'n', 'a'] });

  it('computes nDCG with the grade as gain, against the best order of all that is judged', () => {
    // (1 / log2 3 + 2 / log2 5) / (2 + 1 / log2 3 + 1 / log2 4)
    const ideal = 2 + 1 / Math.log2(3) + 1 / 2;
    const expected = (1 / Math.log2(3) + 2 / Math.log2(5)) / ideal;
    assert.deepEqual(means(run, qrels, 'ndcg@10'), [Number(expected.toFixed(6))]);
  });

  it('cuts both the ranking and the ideal at the depth', () => {
    assert.deepEqual(means(run, qrels, 'ndcg@2'), [Number((1 / Math.log2(3) / (2 + 1 / Math.log2(3))).toFixed(6))]);
  });

  it('computes the measures of relevant or not', () => {
    assert.deepEqual(
      means(run, qrels, 'mrr@10', 'mrr@1', 'recall@2', 'recall@10', 'precision@5', 'success@1', 'success@2', 'map@10'),
      [0.5, 0, 0.333333, 0.666667, 0.4, 0, 1, Number(((1 / 2 + 2 / 4) / 3).toFixed(6))],
    );
  });

  it('counts only grades from the level on where a metric names one', () => {
    assert.deepEqual(means(run, qrels, 'mrr@10-l2', 'recall@10-l2', 'precision@4-l2'), [0.25, 1, 0.25]);
  });

  it('counts a judged query that the run lacks as 0, and leaves out one that is not judged', () => {
    const two = qrelsOf({ q: { a: 1 }, missing: { a: 1 } });
    const scores = scoreRun(runOf({ q: ['a'], unjudged: ['a'] }), two, ['recall@10']);
    assert.deepEqual(scores.mean, { 'recall@10': 0.5 });
    assert.deepEqual(
      [...scores.perQuery],
      [
        ['q', { 'recall@10': 1 }],
        ['missing', { 'recall@10': 0 }],
      ],
    );
  });

  it('gives 0 to a query without any relevant document', () => {
    assert.deepEqual(means(runOf({ q: ['x'] }), qrelsOf({ q: { x: 0 } }), 'ndcg@10', 'recall@10', 'map@10'), [0, 0, 0]);
  });

  it('orders by score, not by place, and ties by document id, descending', () => {
    const tied: Run = new Map([
      [
        'q',
        [
          { id: 'low', score: 1 },
          { id: 'a', score: 2 },
          { id: 'b', score: 2 },
        ],
      ],
    ]);
    assert.deepEqual(means(tied, qrelsOf({ q: { a: 1 } }), 'mrr@10'), [0.5]);
  });

  it('takes scores for tied that 32-bit floats cannot tell apart', () => {
    const close: Run = new Map([
      [
        'q',
        [
          { id: 'a', score: 1 + 1e-9 },
          { id: 'b', score: 1 },
        ],
      ],
    ]);
    assert.deepEqual(means(close, qrelsOf({ q: { a: 1 } }), 'mrr@10'), [0.5]);
  });

  for (const name of ['ndcg', 'ndcg@0', 'ndcg@1.5', 'accuracy@10', 'toString@1', 'recall@10-l0'])
    it(`refuses the metric ${name}`, () => {
      assert.throws(() => scoreRun(run, qrels, [name]), { name: 'UserError', message: new RegExp(`; got ${name}$`) });
    });
});

describe('metricDepth and describeMetric', () => {
  it('tell how deep a run must go and what a metric is', () => {
    assert.equal(metricDepth(['ndcg@10', 'recall@100-l2', 'mrr@20']), 100);
    assert.equal(
      describeMetric('recall@100-l2'),
      'share of the documents of grade 2 or more that are among the first 100',
    );
  });
});

describe('withoutIdenticalIds', () => {
  it('drops the document with the id of the query, also where it is judged relevant, as BEIR does', () => {
    const run = runOf({ q1: ['q1', 'a'], q2: ['q2', 'q1'] });
    const kept = withoutIdenticalIds(run);
    assert.deepEqual(
      [...kept].map(([query, ranking]) => [query, ranking.map(({ id }) => id)]),
      [
        ['q1', ['a']],
        ['q2', ['q1']],
      ],
    );
  });
});
