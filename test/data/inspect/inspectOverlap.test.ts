import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import { writeBeir } from '../../../data/task/beir.js';
import { importExamples } from '../../../data/import/importExamples.js';
import { formatOverlaps } from '../../../data/inspect/formatInspection.js';
import { inspectOverlap } from '../../../data/inspect/inspectOverlap.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { swatch } from '../../fixtures/swatch.js';

describe('inspectOverlap', () => {
  const at = useTemporaryFolder();
  const passage = (id: string, text: string) => ({ id, title: '', text });
  /** Each row: query, id and text of its positive. */
  async function write(...rows: [string, string, string][]) {
    const writer = await createExampleWriter(at('x.arrow'));
    for (const [query, id, text] of rows)
      await writer.write({ id: query, query, positives: [passage(id, text)], negatives: [] });
    await writer.close();
  }
  const overlap = async () =>
    (await inspectOverlap([at('x.arrow')], [{ name: 'task', folder: at('task'), split: 'test', titles: 'use' }]))[0]!;

  beforeEach(() =>
    writeBeir(at('task'), 'test', {
      corpus: [passage('1', 'one fish'), passage('2', 'two fish'), passage('3', 'red fish'), passage('4', 'blue fish')],
      queries: [
        { id: 'a', text: 'How many fish?' },
        { id: 'b', text: 'which colour' },
      ],
      qrels: new Map([
        [
          'a',
          new Map([
            ['1', 1],
            ['2', 1],
            ['4', 0],
          ]),
        ],
        ['b', new Map([['3', 2]])],
      ]),
    }),
  );

  it('finds queries and relevant passages by their texts, whatever their case and marks', async () => {
    await write(['how many fish', 'x', 'One fish!'], ['another', 'y', 'blue fish'], ['third', 'z', 'RED fish']);
    assert.deepEqual(await overlap(), {
      task: 'task',
      taskQueries: 2,
      taskRelevant: 3,
      rowsWithQuery: 1,
      firstQueries: ['how many fish'],
      rowsWithPositive: 2, // blue fish is judged, but not relevant
      by: 'text',
    });
  });

  it('counts ids where they are of the same collection', async () => {
    await write(['q1', '1', 'one fish'], ['q2', '2', 'two fish'], ['q3', '3', 'red fish, as it was edited later']);
    const { by, rowsWithPositive } = await overlap();
    assert.deepEqual([by, rowsWithPositive], ['id and text', 3]);
  });

  it('does not take ids of another collection for those of the task', async () => {
    await write(['q1', '1', 'a cat'], ['q2', '2', 'a dog'], ['q3', '3', 'red fish']);
    const { by, rowsWithPositive } = await overlap();
    assert.deepEqual([by, rowsWithPositive], ['text', 1]);
  });

  // Images were read that no model of the task is shown, and queries counted that none is asked.
  it('reads a task as its models are judged on it: without images, in one language', async () => {
    await write(['Which one?', '1', 'one fish'], ['welcher?', '2', 'two fish']);
    const lines = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const corpus = lines({ _id: '1', text: 'one fish', image: 'absent.png' }, { _id: '2', image: 'absent.png' });
    writeFileSync(at('task/corpus.jsonl'), corpus);
    const queries = [
      { _id: 'a', text: 'which one', language: 'english' },
      { _id: 'b', text: 'Welcher', language: 'german' },
    ];
    writeFileSync(at('task/queries.jsonl'), lines(...queries));
    const use = { titles: 'use', images: 'ignore', language: 'english' } as const;
    const [found] = await inspectOverlap(
      [at('x.arrow')],
      [{ name: 'task', folder: at('task'), split: 'test', ...use }],
    );
    const { taskQueries, taskRelevant, firstQueries, rowsWithPositive } = found!;
    assert.deepEqual(
      [taskQueries, taskRelevant, firstQueries, rowsWithPositive],
      [1, 2, ['Which one?'], 1], // a's, of which the second has no words
    );
  });

  // Every page without a text beside it was taken for every other.
  it('knows pages by their images, whatever stands beside them', async () => {
    const page = async (name: string, red: number) => writeFileSync(at(name), (await swatch(red, 0, 0, 9, 6)).bytes);
    mkdirSync(at('pages/qrels'), { recursive: true });
    for (const [index, name] of ['a.png', 'b.png', 'pages/a.png', 'pages/c.png'].entries())
      await page(name, [1, 2, 1, 3][index]!);
    const lines = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    writeFileSync(
      at('pages/corpus.jsonl'),
      lines([
        { _id: '1', image: 'a.png' },
        { _id: '2', image: 'c.png' },
      ]),
    );
    writeFileSync(at('pages/queries.jsonl'), lines([{ _id: 'q', text: 'which' }]));
    writeFileSync(at('pages/qrels/test.tsv'), 'query-id\tcorpus-id\tscore\nq\t1\t1\nq\t2\t1\n');
    writeFileSync(
      at('rows.jsonl'),
      lines([
        { query: 'one', positive: { image: 'a.png', text: 'as it was read' }, negative: [] },
        { query: 'two', positive: { image: 'b.png' }, negative: [] },
      ]),
    );
    await importExamples([at('rows.jsonl')], at('x.arrow'));
    const task = { name: 'pages', folder: at('pages'), split: 'test', titles: 'use' as const };
    const [found] = await inspectOverlap(
      [at('x.arrow')],
      [task],
      () => {},
      ({ width, height }) => width * height,
    );
    assert.deepEqual([found!.rowsWithPositive, found!.taskRelevant], [1, 2]);
    assert.deepEqual([found!.images!.longerSide.count, found!.images!.tokens!.max], [2, 54]);
    assert.match(formatOverlaps([found!], 120), /2 images among its documents/);
  });
});
