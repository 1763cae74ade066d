import assert from 'node:assert/strict';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import { writeBeir } from '../../../data/task/beir.js';
import { inspectOverlap } from '../../../data/inspect/inspectOverlap.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

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
});
