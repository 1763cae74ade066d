import assert from 'node:assert/strict';
import { stabilityOf } from '../../../../eval/report/comparison/stabilityOf.js';
import { identityOfName } from '../../../../eval/tasks/identity.js';

const task = (name: string) => ({
  name,
  identity: identityOfName(name),
  group: 'Other tasks' as const,
  metrics: ['ndcg@10'],
});
const row = (model: string, name: string, ...values: number[]) => ({
  task: name,
  model,
  metrics: { 'ndcg@10': 0 },
  perQuery: new Map(values.map((value, query) => [`${query}`, { 'ndcg@10': value }])),
  folders: [],
  queries: values.length,
});

describe('stabilityOf', () => {
  // The twelve forums of CQADupStack and the languages of CodeSearchNet counted as tasks of their own, twelve times scifact.
  it('counts the parts of a set as one task, as the tables do', () => {
    const names = ['scifact', 'cqadupstack/android', 'cqadupstack/gis', 'cqadupstack/tex', 'codesearchnet/go'];
    const rows = names.flatMap((name) =>
      name === 'scifact'
        ? [row('a', name, 0.9, 0.9), row('b', name, 0, 0)]
        : [row('a', name, 0.1, 0.1), row('b', name, name.endsWith('tex') ? 0 : 0.4, 0.4)],
    );
    const found = stabilityOf(rows, ['a', 'b'], names.map(task))!;
    assert.deepEqual(found.tasks, ['scifact', 'cqadupstack', 'codesearchnet']);
    // a leads on scifact by 0.9, b on the mean of three forums by 0.2 to 0.3 and on go by 0.3.
    assert.deepEqual(found.taus, [
      [1, -1, -1],
      [-1, 1, 1],
      [-1, 1, 1],
    ]);
    assert.deepEqual(
      found.ranks.shares[0]!.map((share) => Number(share.toFixed(9))),
      [1, 0],
    );
  });
});
