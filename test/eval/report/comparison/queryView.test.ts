import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Comparison } from '../../../../eval/report/comparison/comparison.js';
import { queryView } from '../../../../eval/report/comparison/queryView.js';
import { evaluateRetriever } from '../../../../eval/score/scoreModel.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';
import { exampleTask, fixedRetriever, writeExampleTask } from '../../exampleTask.js';
import { identityOfName } from '../../../../eval/tasks/identity.js';

describe('queryView', () => {
  const place = useTemporaryFolder();

  async function compared(longText = 'text of b'): Promise<{ comparison: Comparison; folder: string }> {
    const corpus = exampleTask.corpus.map((passage) => (passage.id === 'b' ? { ...passage, text: longText } : passage));
    const task = await writeExampleTask(place('task'), { ...exampleTask, corpus });
    const row = async (model: string, rankings: Record<string, string[]>) => {
      const folder = join(place('results'), model);
      const { summary, perQuery } = await evaluateRetriever(fixedRetriever(model, rankings), task, { folder });
      return { task: 'example', model, metrics: summary.metrics, perQuery, folders: [folder], queries: 2 };
    };
    const rows = [await row('one', { q1: ['a', 'b'], q2: ['c'] }), await row('two', { q1: ['c', 'b'], q2: ['c'] })];
    const model = (name: string) => ({
      name,
      setting: 'Fine-tuned' as const,
      about: '',
      runs: [name],
      contract: null,
      cost: {},
    });
    const comparison: Comparison = {
      title: '',
      objections: [],
      notes: [],
      models: [model('one'), model('two')],
      tasks: [
        { name: 'example', identity: identityOfName('example'), group: 'Other tasks', metrics: ['mrr@2', 'recall@2'] },
      ],
      rows,
      averages: [],
      baseline: 'one',
      differences: [],
      fields: [],
      curves: [],
      stability: null,
    };
    return { comparison, folder: task.folder };
  }

  it('holds the queries that differ with what each model found first and its grades', async () => {
    const { comparison, folder } = await compared();
    const { view, notes } = await queryView(comparison, () => ({ folder, split: 'test' }));
    assert.deepEqual([notes, view.models, view.queries.length], [[], ['one', 'two'], 1]);
    const [query] = view.queries;
    assert.deepEqual([query!.id, query!.text, query!.scores], ['q1', 'first', [1, 0.5]]);
    const named = (found: [number, number][]) => found.map(([text, grade]) => [view.texts[text]![1], grade]);
    assert.deepEqual(query!.tops.map(named), [
      [
        ['text of a', 1],
        ['text of b', 1],
      ],
      [
        ['text of c', 0],
        ['text of b', 1],
      ],
    ]);
    assert.deepEqual(named(query!.relevant), [
      ['text of a', 1],
      ['text of b', 1],
    ]);
  });

  it('cuts long passages, never within a character', async () => {
    const { comparison, folder } = await compared('😀'.repeat(200));
    const { view } = await queryView(comparison, () => ({ folder, split: 'test' }));
    assert.ok(view.texts.some(([, text]) => text === `${'😀'.repeat(140)} …`));
  });

  it('leaves a task out whose data is not here, or is other data, and says so', async () => {
    const { comparison, folder } = await compared();
    const absent = await queryView(comparison, () => undefined);
    assert.match(absent.notes[0]!, /^Queries of example are not shown: its data is not here; --tasks-dir names/);
    const other = {
      ...exampleTask,
      corpus: exampleTask.corpus.map((one) => ({ ...one, id: one.id === 'b' ? 'x' : one.id })),
    };
    await writeExampleTask(folder, { ...other, qrels: new Map([['q1', new Map([['a', 1]])]]) });
    const { view, notes } = await queryView(comparison, () => ({ folder, split: 'test' }));
    assert.deepEqual(view.queries, []);
    assert.match(notes[0]!, /does not hold b, so it is not what the models were judged on/);
  });
});
