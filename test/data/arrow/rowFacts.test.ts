import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { countRows } from '../../../data/arrow/countRows.js';
import { decodeRows } from '../../../data/arrow/decodeExamples.js';
import { encodeExamples } from '../../../data/arrow/encodeExamples.js';
import { exampleSchema } from '../../../data/arrow/exampleSchema.js';
import { matchColumns } from '../../../data/arrow/matchColumns.js';
import { openExamples, type ExampleFile } from '../../../data/arrow/openExamples.js';
import { requireUsableRows, rowFacts } from '../../../data/arrow/rowFacts.js';
import type { Example, Passage } from '../../../data/example/example.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const passage = (text: string, more: Partial<Passage> = {}): Passage => ({ id: 'p', title: '', text, ...more });
const row = (query: string, negatives: Passage[], more: Partial<Example> = {}): Example => ({
  ...{ id: 'q', query, positives: [passage('yes')], negatives },
  ...more,
});

// A row that cannot be used ended a training when its turn came, after hours perhaps: only lists were counted at its start.
describe('rowFacts', () => {
  const place = useTemporaryFolder();
  /** As other tools write triplets: a column of texts each. */
  async function triplets(): Promise<ExampleFile> {
    const many = (name: string) => Array.from({ length: 9 }, (_, at) => `${name} ${at}`);
    const columns = {
      query: ['', '  ', '\t', ...many('query')],
      positive: [...many('before').slice(0, 3), ...many('positive')],
      negative: [...many('before').slice(0, 3), ...many('negative').slice(0, 7), ' ', ''],
    };
    writeFileSync(place('triplets.arrow'), tableToIPC(tableFromArrays(columns), 'file'));
    return openExamples(place('triplets.arrow'));
  }

  it('are reasons with their rows, and rows by their number of negatives', async () => {
    const file = await triplets();
    assert.deepEqual(await rowFacts(file), {
      unusable: [{ reason: 'has an empty query', rows: 3, first: 1 }],
      negatives: [
        { count: 1, rows: 7, first: 4 },
        { count: 0, rows: 2, first: 11 },
      ],
    });
    await assert.rejects(requireUsableRows(file), {
      name: 'UserError',
      message: `${place('triplets.arrow')}: 3 of 12 rows cannot be used: row 1 has an empty query, as 2 more; leave them out when the file is made`,
    });
    await file.close();
  });

  it('are kept by the content of a large file, and found again where the record is damaged', async () => {
    const file = await triplets();
    let looks = 0;
    const watched = { ...file, count: (batch: number) => (looks++, file.count(batch)) };
    const root = place('rows');
    const facts = await rowFacts(watched, root, 1);
    const once = looks;
    assert.deepEqual(await rowFacts(watched, root, 1), facts);
    assert.equal(looks, once);
    const [record] = readdirSync(root);
    writeFileSync(join(root, record!), readFileSync(join(root, record!), 'utf8').slice(0, 30));
    assert.deepEqual(await rowFacts(watched, root, 1), facts);
    assert.equal(looks, 2 * once);
    await file.close();
  });

  it('are the same whether bytes are looked at or texts are decoded', () => {
    const odd: Example[][] = [
      [row('plain', [passage('no'), passage('and no')]), row('ひらがな', [passage('Ähnlich'), passage('😀 smile')])],
      [row('a', [passage('no', { score: 0.5 })]), row('b', [passage('no', { score: Infinity })])],
      [row('a', [passage('', { title: 'a title alone' })]), row('b', [passage('\u3000')])],
      [row('\u00a0', []), row('b', []), row('c', [passage('\u2003wide')])],
      [row('a', [], { id: '' }), row('b', [], { positives: [] }), row('c', [], { positives: [passage(' ')] })],
      [row(' begins with a blank', [passage('\u0000')]), row('b', [passage(' x')])],
      [row('b', [])],
    ];
    const found: string[] = [];
    for (const examples of odd) {
      const batch = encodeExamples(examples, exampleSchema());
      const match = matchColumns(batch.schema);
      assert.ok(typeof match !== 'string');
      const decoded = decodeRows(batch, match);
      const counts = countRows(batch, match);
      assert.deepEqual(
        counts.unusable.map(({ row, reason }) => [row, reason]),
        decoded.flatMap((each, at) => ('reason' in each ? [[at, each.reason]] : [])),
      );
      for (const [at, each] of decoded.entries())
        if (!('reason' in each)) assert.equal(counts.negatives[at], each.negatives.length);
      found.push(...counts.unusable.map(({ reason }) => reason));
    }
    assert.deepEqual(found, [
      'has a score that is no finite number',
      'has an empty passage',
      'has an empty query',
      'has no query_id',
      'has no positives',
      'has an empty passage',
    ]);
  });
});
