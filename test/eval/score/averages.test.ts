import assert from 'node:assert/strict';
import { averagesOf, withAverages } from '../../../eval/score/averages.js';
import type { Task, TaskNode } from '../../../eval/tasks/taskFile.js';
import { identityOfName } from '../../../eval/tasks/identity.js';

const task = (name: string): Task => ({
  name,
  identity: identityOfName(name),
  folder: name,
  split: 'test',
  metrics: ['ndcg@10'],
  ignoreIdenticalIds: false,
  titles: 'use',
});
const forums: TaskNode = { name: 'forums', isAveraged: true, members: [task('forums/a'), task('forums/b')] };
const all: TaskNode = { name: 'all', isAveraged: true, members: [task('x'), forums] };
const row = (name: string, value: number, model = 'm') => ({ task: name, model, metrics: { 'ndcg@10': value } });

describe('withAverages', () => {
  const rows = [row('x', 0.5), row('forums/a', 0.2), row('forums/b', 0.4)];

  it('puts a mean in front of its parts, and counts a set within a set once', () => {
    assert.deepEqual(
      withAverages([all], rows).map(({ task: name, metrics }) => [name, Number(metrics['ndcg@10']!.toFixed(9))]),
      [
        ['all (mean of 2)', 0.4],
        ['x', 0.5],
        ['forums (mean of 2)', 0.3],
        ['forums/a', 0.2],
        ['forums/b', 0.4],
      ],
    );
  });

  it('takes no mean of a set without one', () => {
    const names = withAverages([{ ...all, isAveraged: false }], rows).map((each) => each.task);
    assert.deepEqual(names, ['x', 'forums (mean of 2)', 'forums/a', 'forums/b']);
  });

  it('takes a mean for those models alone that were scored on every part', () => {
    const models = averagesOf(forums, [...rows, row('forums/a', 1, 'other')]).map(({ model }) => model);
    assert.deepEqual(models, ['m']);
  });

  it('takes the mean of the metrics that all parts have', () => {
    const mixed = [row('forums/a', 0.2), { ...row('forums/b', 0.4), metrics: { 'ndcg@10': 0.4, 'mrr@10': 1 } }];
    assert.deepEqual(Object.keys(averagesOf(forums, mixed)[0]!.metrics), ['ndcg@10']);
  });
});
