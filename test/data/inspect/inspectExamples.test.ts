import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { Contract } from '../../../configs/contract.js';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import type { Example } from '../../../data/example/example.js';
import { importExamples } from '../../../data/import/importExamples.js';
import { contactSheet } from '../../../data/inspect/contactSheet.js';
import { formatInspection } from '../../../data/inspect/formatInspection.js';
import { inspectExamples } from '../../../data/inspect/inspectExamples.js';
import type { TokenEncoder } from '../../../data/tokenizer/byteLevel.js';
import { inspectionPage } from '../../../eval/report/inspection/inspectionPage.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { swatch } from '../../fixtures/swatch.js';

const passage = (id: string, text: string) => ({ id, title: '', text });
const examples: Example[] = [
  {
    id: '1',
    query: 'abc',
    positives: [passage('p1', 'aaaa')],
    negatives: [passage('n1', 'bb'), passage('n2', 'cccccc')],
  },
  { id: '2', query: 'abc', positives: [passage('p2', 'aaaa')], negatives: [] },
  {
    id: '2',
    query: 'de\nf\u0007',
    positives: [passage('p3', 'dd'), passage('p4', 'ee')],
    negatives: [passage('p3', 'dd')],
  },
];
/** One token a character. */
const tokenizer: TokenEncoder = {
  encode: (text) => [...Buffer.from(text)],
  decode: (ids) => String(Buffer.from(ids)),
};
const contract = {
  queryPrefix: 'Q',
  passagePrefix: 'P',
  bosId: null,
  eosId: 0,
  queryMaxLength: 5,
  passageMaxLength: 8,
} as Contract;

describe('inspectExamples', () => {
  const at = useTemporaryFolder();
  beforeEach(async () => {
    const writer = await createExampleWriter(at('x.arrow'), { rowsPerBatch: 2, metadata: { source: 'here' } });
    for (const example of examples) await writer.write(example);
    await writer.close();
  });

  it('says what is in a file', async () => {
    const progress: number[] = [];
    const found = await inspectExamples(at('x.arrow'), { samples: 1, onRows: (done) => progress.push(done) });
    const { queryCharacters, passageCharacters, positivesPerQuery, negativesPerQuery, columns, ...rest } = found;
    assert.deepEqual(rest, {
      path: at('x.arrow'),
      form: 'file',
      metadata: { source: 'here' },
      rows: 3,
      recordBatches: 2,
      rowsOfLargestBatch: 2,
      rowsWithoutNegatives: 1,
      rowsWithPositiveAsNegative: 1,
      repeatedQueryIds: 1,
      repeatedQueries: 1,
      passages: { all: 7, distinct: 5 },
      tokens: null,
      samples: [examples[0]],
    });
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['query_id', 'query', 'positives', 'negatives'],
    );
    assert.deepEqual([positivesPerQuery.min, positivesPerQuery.mean, positivesPerQuery.max], [1, 4 / 3, 2]);
    assert.deepEqual([negativesPerQuery.min, negativesPerQuery.mean, negativesPerQuery.max], [0, 1, 2]);
    assert.deepEqual([queryCharacters.min, queryCharacters.median, queryCharacters.max], [3, 3, 5]);
    assert.deepEqual([passageCharacters.mean, passageCharacters.max], [22 / 7, 6]);
    assert.deepEqual(progress, [2, 3]);
  });

  it('measures lengths in tokens as they would be uncut, special tokens included', async () => {
    const { tokens } = await inspectExamples(at('x.arrow'), { samples: 0, tokens: { tokenizer, contract, rows: 3 } });
    // Queries: prefix, 3 or 5 characters, EOS. Passages: prefix, blank, 2, 4 or 6 characters, EOS.
    assert.equal(tokens!.rowsMeasured, 3);
    assert.deepEqual([tokens!.query.cut, tokens!.query.spread.min, tokens!.query.spread.max], [1, 5, 7]);
    assert.deepEqual([tokens!.passage.cut, tokens!.passage.spread.min, tokens!.passage.spread.max], [1, 5, 9]);
    assert.deepEqual(
      tokens!.passage.histogram.map(({ from, to, texts }) => [from, to, texts]),
      [
        [1, 2, 0],
        [3, 4, 0],
        [5, 6, 4],
        [7, 8, 2],
        [9, 10, 1],
        [11, 12, 0],
        [13, 14, 0],
        [15, 16, 0],
        [17, null, 0],
      ],
    );
  });

  it('measures tokens on rows spread over the file where there are many', async () => {
    const { tokens } = await inspectExamples(at('x.arrow'), { samples: 0, tokens: { tokenizer, contract, rows: 2 } });
    assert.equal(tokens!.rowsMeasured, 2); // the first and the third
    assert.deepEqual([tokens!.query.spread.min, tokens!.query.spread.max], [5, 7]);
  });

  it('is shown in lines of the given width, free of control characters', async () => {
    const inspection = await inspectExamples(at('x.arrow'), { samples: 3, tokens: { tokenizer, contract, rows: 3 } });
    const lines = formatInspection(inspection, 60).split('\n');
    assert.ok(lines.every((line) => [...line].length <= 60));
    for (const expected of [
      '  rows           3 in 2 record batches',
      '  positives              1      1.3        1        2        2        2',
      '  passages       7, 5 different texts',
      '  repeated       1 query texts, 1 query ids',
      'query 2: de f ',
      '  - n1  bb',
    ])
      assert.ok(
        lines.some((line) => line === (expected.length <= 60 ? expected : `${expected.slice(0, 59)}…`)),
        `${expected}\nis not in\n${lines.join('\n')}`,
      );
    assert.ok(lines.some((line) => line.startsWith('  to do          1 rows have no negatives; `npm run data')));
    assert.ok(lines.some((line) => line.includes('1 of 3 (33.3 %)')));
  });

  // Pages without a text counted as one repeated passage, and every negative page as a positive.
  it('tells passages without text apart by their images', async () => {
    const page = async (name: string, red: number) => writeFileSync(at(name), (await swatch(red, 0, 0, 9, 6)).bytes);
    await page('a.png', 1);
    await page('b.png', 2);
    const row = (query: string) => ({ query, positive: { image: 'a.png' }, negative: [{ image: 'b.png' }] });
    writeFileSync(at('rows.jsonl'), `${JSON.stringify(row('one'))}\n${JSON.stringify(row('two'))}\n`);
    await importExamples([at('rows.jsonl')], at('pages.arrow'));
    const tokens = { tokenizer, contract, rows: 2, ofImage: ({ width }: { width: number }) => 2 * width };
    const found = await inspectExamples(at('pages.arrow'), { samples: 1, sheet: 1, tokens });
    assert.deepEqual([found.rowsWithPositiveAsNegative, found.passages], [0, { all: 4, distinct: 2 }]);
    assert.deepEqual([found.images!.distinct, found.images!.named, found.images!.longerSide.max], [2, 4, 9]);
    assert.deepEqual([found.images!.timesNamed.max, found.images!.tokens!.median], [2, 18]);
    const lines = formatInspection(found, 120);
    assert.match(lines, /images +2 different ones, named 4 times/);
    assert.match(lines, /image tokens +18 +18\.0 +18 /);
    assert.match(lines, /\+ .* \[image [0-9a-f]{8}\]/);
    const { sha256, ...first } = found.images!.sheet[0]!;
    assert.deepEqual(first, {
      ...{ format: 'PNG', height: 6, width: 9, times: 2, as: 'positive', query: 'one' },
      tokens: 18,
    });
    const sheet = await contactSheet(at('pages.arrow'), found.images!.sheet);
    const written = inspectionPage([found], [], [sheet]);
    assert.ok(written.includes(`alt="image ${sha256.slice(0, 8)}, answers: one"`));
    assert.match(written, /src="data:image\/webp;base64,[^"]+"\s+width="9"\s+height="6"/);
    assert.ok(written.includes('9 x 6 PNG, 18 tokens, named 2 times; answers “one”'));
  });
});
