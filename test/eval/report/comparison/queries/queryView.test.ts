import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Comparison } from '../../../../../eval/report/comparison/comparison.js';
import { queryView } from '../../../../../eval/report/comparison/queries/queryView.js';
import { comparisonPage } from '../../../../../eval/report/section/comparisonPage.js';
import { evaluateRetriever } from '../../../../../eval/score/scoreModel.js';
import { useTemporaryFolder } from '../../../../checkpoints/useTemporaryFolder.js';
import { exampleTask, fixedRetriever, writeExampleTask } from '../../../exampleTask.js';
import { identityOfName } from '../../../../../eval/tasks/identity.js';

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

  // They were shown though no model was, and one that is missing took all queries of the task out of the page.
  it('shows no image of a task that leaves images aside', async () => {
    const { comparison, folder } = await compared();
    const lines = (...ids: string[]) => ids.map((_id) => `${JSON.stringify({ _id, image: 'absent.png' })}\n`).join('');
    writeFileSync(join(folder, 'corpus.jsonl'), lines('a', 'b', 'c'));
    const { view, notes } = await queryView(comparison, () => ({ folder, split: 'test', images: 'ignore' }));
    assert.deepEqual([notes, view.images, view.queries.length], [[], [], 1]);
  });

  // Documents without text were "not text", and none of the queries of their task was shown.
  it('shows images of documents and queries small within the page, and tells of those it cannot', async () => {
    const { comparison, folder } = await compared();
    const sides = { wide: [400, 100], tall: [50, 300] } as const;
    for (const [name, [width, height]] of Object.entries(sides))
      await sharp({ create: { width, height, channels: 4, background: '#f000' } })
        .png()
        .toFile(join(folder, `${name}.png`));
    writeFileSync(join(folder, 'cut.png'), readFileSync(join(folder, 'wide.png')).subarray(0, 60));
    const lines = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    writeFileSync(
      join(folder, 'corpus.jsonl'),
      lines(
        { _id: 'a', image: ['wide.png', 'tall.png'] },
        { _id: 'b', text: 'text of b', image: 'cut.png' },
        { _id: 'c', text: 'c' },
        { _id: 'd', image: 'none.png' }, // shown nowhere, and not read
      ),
    );
    writeFileSync(join(folder, 'queries.jsonl'), lines({ _id: 'q1', image: 'tall.png' }, { _id: 'q2', text: 'x' }));
    const { view, notes } = await queryView(comparison, () => ({ folder, split: 'test' }));
    assert.deepEqual(notes, []);
    const [a, b, c] = view.texts;
    assert.deepEqual(
      [a!.slice(0, 2), b!.slice(0, 2), c],
      [
        ['', ''],
        ['', 'text of b'],
        ['', 'c'],
      ],
    );
    const told = (places: number[] = []) =>
      places.map((place) => {
        const { alt, width, height } = view.images[place]!;
        return [alt, width, height];
      });
    assert.deepEqual(told(a![2]), [
      ['image 1 of document a', 192, 48],
      ['image 2 of document a', 32, 192],
    ]);
    assert.deepEqual(told(b![2]), [['image of document b', undefined, undefined]]);
    assert.deepEqual(told(view.queries[0]!.images), [['image of query q1', 32, 192]]);
    const { source } = view.images[a![2]![0]!]!;
    assert.match(source!, /^data:image\/webp;base64,/);
    const colour = await sharp(Buffer.from(source!.split(',')[1]!, 'base64'))
      .raw()
      .toBuffer();
    assert.deepEqual([...colour.subarray(0, 3)], [255, 255, 255], 'over white, as pages are in print');
    assert.ok(comparisonPage(comparison, view).includes(`img-src data:`), 'the page allows what is within it');
  });
});
