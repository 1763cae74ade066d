import assert from 'node:assert/strict';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import { openExamples, type ExampleFile } from '../../../data/arrow/openExamples.js';
import { rowFacts } from '../../../data/arrow/rowFacts.js';
import { requirePassages } from '../../../data/stream/requirePassages.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('requirePassages', () => {
  const at = useTemporaryFolder();
  const opened: ExampleFile[] = [];
  afterEach(async () => {
    for (const file of opened.splice(0)) await file.close();
  });
  const passages = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => ({ id: `${name}${index}`, title: '', text: `text ${name} ${index}` }));
  /** Positives and negatives of each row. */
  async function write(rows: [number, number][]) {
    const writer = await createExampleWriter(at('x.arrow'), { rowsPerBatch: 2 });
    for (const [index, [positives, negatives]] of rows.entries())
      await writer.write({
        id: `${index}`,
        query: `query ${index}`,
        positives: passages(positives, 'p'),
        negatives: passages(negatives, 'n'),
      });
    await writer.close();
    opened.push(await openExamples(at('x.arrow')));
    return opened.slice(-1);
  }

  it('counts rows without positives, without negatives, and with few of them', async () => {
    const [file] = await write([
      [1, 3],
      [2, 0],
      [0, 2],
      [1, 2],
      [1, 0],
    ]);
    assert.deepEqual(await rowFacts(file!), {
      unusable: [{ reason: 'has no positives', rows: 1, first: 3 }],
      negatives: [
        { count: 3, rows: 1, first: 1 },
        { count: 0, rows: 2, first: 2 },
        { count: 2, rows: 1, first: 4 },
      ],
    });
  });

  it('ends a run before it begins, in one line', async () => {
    const without = await write([
      [1, 1],
      [1, 1],
      [1, 0],
    ]);
    await assert.rejects(requirePassages(without, 1), {
      name: 'UserError',
      message: `${at('x.arrow')}: 1 of 3 rows, the first is row 3, have no negatives; \`npm run data -- mine\` finds some for every query`,
    });
    assert.deepEqual(await requirePassages(without, 0), [], 'the other queries of a pool bring negatives');
    const empty = await write([[0, 1]]);
    await assert.rejects(requirePassages(empty, 1), {
      name: 'UserError',
      message: /: 1 of 1 rows cannot be used: row 1 has no positives; leave them out/,
    });
  });

  it('tells of rows that bring a negative more than once', async () => {
    const few = await write([
      [1, 2],
      [1, 1],
    ]);
    assert.deepEqual(await requirePassages(few, 1), []);
    assert.deepEqual(await requirePassages(few, 2), [
      `${at('x.arrow')}: 1 of 2 rows, the first is row 2, have fewer than 2 negatives: theirs come more than once in a pool`,
    ]);
  });
});
