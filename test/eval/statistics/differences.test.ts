import assert from 'node:assert/strict';
import { describeFamilies, differences, tunedAgainstBase } from '../../../eval/statistics/differences.js';
import type { ResultRow } from '../../../eval/score/reportData.js';

/** A row whose first metric has these values by query. */
const row = (task: string, model: string, values: Record<string, number>): ResultRow => {
  const all = Object.values(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const perQuery = new Map(Object.entries(values).map(([id, value]) => [id, { 'mrr@10': value, 'recall@10': 0 }]));
  return { task, model, metrics: { 'mrr@10': mean, 'recall@10': 0 }, perQuery };
};

describe('differences', () => {
  const base = row('t', 'base', { q1: 0.25, q2: 0.5, q3: 0.5, q4: 1 });
  const tuned = row('t', 'tuned', { q4: 1, q3: 0.25, q2: 1, q1: 1 });

  it('pairs queries by id and tests the first metric', () => {
    const [found, ...others] = differences([base, tuned], [tunedAgainstBase]);
    // Differences 0.75, 0.5, -0.25, 0: sum 1. Of the 8 sums of ±0.75 ±0.5 ±0.25, 1.5, 1, -1, -1.5 are as far from 0.
    assert.deepEqual(others, []);
    const { low, high, pT, effectSize, ...rest } = found!;
    assert.deepEqual(rest, {
      task: 't',
      model: 'tuned',
      baseline: 'base',
      metric: 'mrr@10',
      queries: 4,
      difference: 0.25,
      p: 0.5,
      pHolm: 0.5,
      family: 'tuned - base',
      tests: 1,
      // Equal signs of four queries come once in eight: no difference would be shown.
      detectable: null,
      wins: 2,
      ties: 1,
      losses: 1,
    });
    assert.ok(low < 0.25 && 0.25 < high);
    // Deviations 0.5, 0.25, -0.5, -0.25 of the mean: variance 0.625 / 3.
    const deviation = Math.sqrt(0.625 / 3);
    assert.ok(Math.abs(effectSize! - 0.25 / deviation) < 1e-12);
    assert.ok(Math.abs(pT! - 0.3535) < 0.0005, `${pT}`);
  });

  it('raises p for the number of comparisons made', () => {
    const second = [row('u', 'base', { q: 0, r: 0, s: 0 }), row('u', 'tuned', { q: 1, r: 1, s: 1 })];
    const found = differences([base, tuned, ...second], [tunedAgainstBase]);
    assert.deepEqual(
      found.map(({ task, p, pHolm }) => [task, p, pHolm]),
      [
        ['t', 0.5, 0.5],
        ['u', 0.25, 0.5],
      ],
    );
  });

  const many = (task: string, model: string, shift: number) =>
    row(task, model, Object.fromEntries(Array.from({ length: 43 }, (_, q) => [`q${q}`, shift * (1 + ((7 * q) % 5))])));

  it('takes several pairs on one task as a family, one pair on its tasks as another', () => {
    const pairs = ['a', 'b'].map((model) => ({ model, baseline: 'base' }));
    const rows = ['t', 'u'].flatMap((task) => [many(task, 'base', 0), many(task, 'a', 0.1)]);
    const several = differences([...rows, many('t', 'b', 0)], pairs);
    const told = (found: ReturnType<typeof differences>) =>
      found.map(({ task, model, family, tests, p, pHolm }) => [task, model, family, tests, Math.round(pHolm / p)]);
    assert.deepEqual(told(several), [
      ['t', 'a', 't', 2, 2],
      ['t', 'b', 't', 2, 1],
      ['u', 'a', 'u', 1, 1],
    ]);
    assert.equal(
      describeFamilies(several),
      'on which models differ, asked of each task: a family of 1 to 2 tests a task',
    );
    const one = differences(rows, pairs.slice(0, 1));
    assert.deepEqual(told(one), [
      ['t', 'a', 'a - base', 2, 2],
      ['u', 'a', 'a - base', 2, 2],
    ]);
    assert.equal(describeFamilies(one), 'on which tasks the two differ: one family of 2 tests');
  });

  // It was stated at p = 0.05, which the verdict after correction does not use.
  it('states the smallest difference to be found at the level that the verdict uses', () => {
    const pairs = Array.from({ length: 12 }, (_, index) => ({ model: `m${index}`, baseline: 'base' }));
    const rows = [many('t', 'base', 0), ...pairs.map(({ model }) => many('t', model, 0.1))];
    const deviationOf = ({ difference, effectSize }: { difference: number; effectSize: number | null }) =>
      difference / effectSize!;
    // Effect sizes of 43 queries by the noncentral t distribution at 0.05 / 12 and 0.05.
    for (const [found, effect] of [
      [differences(rows, pairs)[0]!, 0.594538],
      [differences(rows, pairs.slice(0, 1))[0]!, 0.437322],
    ] as const)
      assert.ok(Math.abs(found.detectable! / deviationOf(found) - effect) < 1e-4, `${found.detectable}`);
  });

  it('tests nothing without both models or without values of single queries', () => {
    assert.deepEqual(differences([tuned], [tunedAgainstBase]), []);
    const { perQuery: _, ...bare } = base;
    assert.deepEqual(differences([bare, tuned], [tunedAgainstBase]), []);
    assert.deepEqual(differences([base, row('t', 'tuned', { other: 1 })], [tunedAgainstBase]), []);
    const { perQuery: _tuned, ...bareTuned } = tuned;
    assert.deepEqual(differences([base], [tunedAgainstBase]), []);
    assert.deepEqual(differences([base, bareTuned], [tunedAgainstBase]), []);
  });

  it('tests nothing where the two were judged by different metrics', () => {
    const perQuery = new Map([...tuned.perQuery!.keys()].map((id) => [id, { 'ndcg@10': 1 }]));
    const otherwise = { ...tuned, metrics: { 'ndcg@10': 1 }, perQuery };
    assert.deepEqual(differences([base, otherwise], [tunedAgainstBase]), []);
  });

  it('states no smallest difference where five queries can show none, and one where six can', () => {
    // Equal signs come by chance 2 times in 2^5, above 0.05, and 2 in 2^6, below it.
    const found = [5, 6].map((count) => {
      const ids = Array.from({ length: count }, (_, index) => `q${index}`);
      const of = (model: string, value: (index: number) => number) =>
        row('t', model, Object.fromEntries(ids.map((id, index) => [id, value(index)])));
      return differences([of('base', () => 0), of('tuned', (index) => index / 10)], [tunedAgainstBase])[0]!;
    });
    assert.equal(found[0]!.detectable, null);
    assert.ok(found[1]!.detectable! > 0);
  });
});
