import assert from 'node:assert/strict';
import { differences, tunedAgainstBase } from '../../../eval/statistics/differences.js';
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
    const { low, high, pT, effectSize, detectable, ...rest } = found!;
    assert.deepEqual(rest, {
      task: 't',
      model: 'tuned',
      baseline: 'base',
      metric: 'mrr@10',
      queries: 4,
      difference: 0.25,
      p: 0.5,
      pHolm: 0.5,
      wins: 2,
      ties: 1,
      losses: 1,
    });
    assert.ok(low < 0.25 && 0.25 < high);
    // Deviations 0.5, 0.25, -0.5, -0.25 of the mean: variance 0.625 / 3. Four queries show a d_z of 2.128.
    const deviation = Math.sqrt(0.625 / 3);
    assert.ok(Math.abs(effectSize! - 0.25 / deviation) < 1e-12);
    assert.ok(Math.abs(detectable! / deviation - 2.128) < 0.001, `${detectable! / deviation}`);
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

  it('tests nothing without both models or without values of single queries', () => {
    assert.deepEqual(differences([tuned], [tunedAgainstBase]), []);
    const { perQuery: _, ...bare } = base;
    assert.deepEqual(differences([bare, tuned], [tunedAgainstBase]), []);
    assert.deepEqual(differences([base, row('t', 'tuned', { other: 1 })], [tunedAgainstBase]), []);
  });
});
