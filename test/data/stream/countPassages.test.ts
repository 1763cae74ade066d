import assert from 'node:assert/strict';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import { openExamples } from '../../../data/arrow/openExamples.js';
import { countPassages, requirePassages } from '../../../data/stream/countPassages.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('countPassages', () => {
  const at = useTemporaryFolder();
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
    const file = await openExamples(at('x.arrow'));
    await file.close();
    return [file];
  }

  it('counts rows without positives, without negatives, and with few of them', async () => {
    await write([
      [1, 3],
      [2, 0],
      [0, 2],
      [1, 2],
      [1, 0],
    ]);
    assert.deepEqual(await countPassages(at('x.arrow'), 3), {
      rows: 5,
      withoutPositives: { rows: 1, first: 3 },
      withoutNegatives: { rows: 2, first: 2 },
      withFewNegatives: { rows: 2, first: 3 },
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
    const empty = await write([[0, 1]]);
    await assert.rejects(requirePassages(empty, 1), { name: 'UserError', message: /1 of 1 rows.* have no positives/ });
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
