import assert from 'node:assert/strict';
import type { ResultRow } from '../../../../eval/score/reportData.js';
import type { GateRule } from '../../../../configs/load/loadRetraining.js';
import { decide } from '../../../../train/retrain/gate/decide.js';

const queries = 40;
/** One value a query; the mean is stated by the call. */
const row = (model: string, task: string, values: (query: number) => number): ResultRow => {
  const perQuery = new Map(
    Array.from({ length: queries }, (_, query) => [`q${query}`, { 'ndcg@10': values(query), other: 1 }]),
  );
  const mean = [...perQuery.values()].reduce((sum, scores) => sum + scores['ndcg@10'], 0) / queries;
  return { task, model, metrics: { 'ndcg@10': mean, other: 1 }, perQuery };
};
const gate = (rule: Partial<GateRule>): GateRule => ({ tasks: ['t'], rule: 'not-worse', floors: {}, ...rule });
const rows = (challenger: (query: number) => number, champion: (query: number) => number, task = 't') => [
  row('challenger', task, challenger),
  row('champion', task, champion),
];

describe('decide', () => {
  it('promotes the first challenger when it reaches the floors, and not below one', () => {
    const alone = [row('challenger', 't', () => 0.5)];
    assert.equal(decide(gate({ margin: 0.01 }), alone).outcome, 'promote');
    const { outcome, why } = decide(gate({ margin: 0.01, floors: { t: 0.6 } }), alone);
    assert.deepEqual([outcome, why], ['keep', 't: 0.5000 is below the floor of 0.6']);
  });

  it('not-worse: the end of the interval counts, not the mean', () => {
    // Half of the queries gain 0.3 and half lose 0.3: the mean is 0, but 40 queries leave a loss of 0.09 open.
    const noisy = rows(
      (query) => 0.5 + (query % 2 === 0 ? 0.3 : -0.3),
      () => 0.5,
    );
    const noise = decide(gate({ margin: 0.01 }), noisy);
    assert.equal(noise.outcome, 'keep');
    assert.match(noise.why, /^t: the loss may be as large as 0\.0[89]\d\d, above the margin of 0\.01$/);
    assert.equal(decide(gate({ margin: 0.2 }), noisy).outcome, 'promote');
    // Every query loses the same 0.005: the interval is that one number, within the margin.
    assert.equal(
      decide(
        gate({ margin: 0.01 }),
        rows(
          () => 0.495,
          () => 0.5,
        ),
      ).outcome,
      'promote',
    );
    assert.equal(
      decide(
        gate({ margin: 0.004 }),
        rows(
          () => 0.495,
          () => 0.5,
        ),
      ).outcome,
      'keep',
    );
  });

  it('better: a gain must be shown on one task and a loss on none', () => {
    const better = gate({ rule: 'better', tasks: ['t', 'u'] });
    const gain = rows(
      (query) => 0.5 + 0.01 * (query % 3),
      () => 0.45,
    );
    const same = rows(
      () => 0.5,
      () => 0.5,
      'u',
    );
    const loss = rows(
      () => 0.4,
      (query) => 0.5 + 0.01 * (query % 3),
      'u',
    );
    assert.equal(decide(better, [...gain, ...same]).outcome, 'promote');
    assert.equal(decide(better, [...gain, ...loss]).outcome, 'keep');
    assert.match(decide(better, [...gain, ...loss]).why, /^u: a loss of 0\.1\d+ is shown/);
    const nothing = decide(better, [
      ...rows(
        () => 0.5,
        () => 0.5,
      ),
      ...same,
    ]);
    assert.deepEqual([nothing.outcome, nothing.why], ['keep', 'a gain is shown on no task']);
  });

  it('judges by the metric that the gate names', () => {
    const decision = decide(
      gate({ margin: 0.01, metric: 'other' }),
      rows(
        () => 0.1,
        () => 0.9,
      ),
    );
    assert.equal(decision.outcome, 'promote');
    assert.deepEqual(
      decision.results.map(({ metric, challenger, champion }) => [metric, challenger, champion]),
      [['other', 1, 1]],
    );
  });
});
