import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { RecordBatchStreamWriter, tableFromArrays } from 'apache-arrow';
import { openExamples } from '../../../data/arrow/openExamples.js';
import { rowFacts } from '../../../data/arrow/rowFacts.js';
import { textId } from '../../../data/example/textId.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

import { arrow, example, fixture, readAll } from './arrowBytes.js';

describe('openExamples', () => {
  const at = useTemporaryFolder();

  it('reads the same examples from both forms of Arrow', async () => {
    const batches = [[example('1'), example('2', [])], [example('ä ₂', ['x', 'y'])]];
    for (const form of ['file', 'stream'] as const) {
      await writeFile(at(form), await arrow(form, batches));
      const file = await openExamples(at(form));
      assert.deepEqual([file.form, file.rows, file.batchRows], [form, 3, [2, 1]]);
      await file.close();
      assert.deepEqual(await readAll(at(form)), batches);
    }
  });

  it('reads other text types, integer ids, dictionaries, fixed lists and files without titles', async () => {
    const expected = [0, 1, 2, 3, 4].map((i) => ({
      id: `${2 ** 40 + i}`,
      query: `question ${i % 2}`,
      positives: [{ id: `${i}`, title: '', text: `answer ${i}`, score: 1 }],
      negatives: [{ id: `${-i || 0}`, title: '', text: 'other', score: 0 }],
    }));
    for (const name of ['otherTypes.arrow', 'otherTypes.stream']) {
      const batches = await readAll(fixture(name));
      assert.deepEqual(
        batches.map((batch) => batch.length),
        [2, 2, 1],
      );
      assert.deepEqual(batches.flat(), expected);
    }
  });

  it('reads lists that a writer took for lists of nothing, and titles that are null', async () => {
    const positives = [{ id: 'p', title: '', text: 't' }];
    assert.deepEqual(await readAll(fixture('inferred.arrow')), [
      [{ id: '1', query: 'café', positives, negatives: [] }],
    ]);
  });

  // One such column, though nobody asked for it, made the whole file a damaged one.
  it('reads what lies between and within columns of types that the library lacks', async () => {
    const passage = (id: string, text: string) => [{ id, title: '', text }];
    const text = (name: string) => ({ id: '', title: '', text: name });
    const expected = [
      { query: 'q1', positives: passage('p1', 'one'), negatives: ['n1'].map(text) },
      { query: 'q2', positives: passage('p2', 'two'), negatives: ['n2', 'n3'].map(text) },
      { query: 'q3', positives: passage('p3', 'three'), negatives: [] },
    ];
    for (const name of ['unread.arrow', 'unread.stream']) {
      const batches = await readAll(fixture(name));
      assert.deepEqual(
        batches.flat().map(({ query, positives, negatives }) => ({ query, positives, negatives })),
        expected,
      );
    }
    const lists = await openExamples(fixture('unreadLists.arrow'));
    assert.deepEqual(await rowFacts(lists).finally(() => lists.close()), {
      unusable: [],
      negatives: [
        { count: 1, rows: 1, first: 1 },
        { count: 2, rows: 1, first: 2 },
        { count: 0, rows: 1, first: 3 },
      ],
    });
  });

  it('reads each batch of a stream with the dictionary that was valid there', async () => {
    const queries = async (name: string) => (await readAll(fixture(name))).flat().map(({ query }) => query);
    assert.deepEqual(await queries('replacedDictionary.stream'), ['b', 'a', 'd', 'c', 'f', 'e']);
    assert.deepEqual(await queries('grownDictionary.stream'), ['a', 'a', 'b', 'a', 'c', 'a']);
  });

  it('reads only headers to open and one batch to read, however many there are', async () => {
    const long = 'x'.repeat(200_000);
    const row = (id: number) => [{ ...example(`${id}`), query: long }];
    await writeFile(
      at('many.arrow'),
      await arrow(
        'file',
        Array.from({ length: 40 }, (_, id) => row(id)),
      ),
    );
    const probe = await open(at('many.arrow'));
    const prototype = Object.getPrototypeOf(probe) as { read: (...args: unknown[]) => Promise<{ bytesRead: number }> };
    const { size } = await probe.stat();
    await probe.close();
    const original = prototype.read;
    let bytes = 0;
    prototype.read = async function (...args) {
      const result = await original.apply(this, args);
      bytes += result.bytesRead;
      return result;
    };
    try {
      const file = await openExamples(at('many.arrow'));
      assert.ok(bytes < 45 * 16 * 1024 && bytes < size / 10, `${bytes} of ${size} bytes read to open`);
      bytes = 0;
      assert.equal((await file.read(17))[0]!.id, '17');
      assert.ok(bytes > 200_000 && bytes < 210_000, `${bytes} bytes read for a batch of 200,000`);
      await file.close();
    } finally {
      prototype.read = original;
    }
  });

  it('reads what another writer compressed with LZ4 or zstd', async () => {
    const expected = await readAll(fixture('inferred.arrow'));
    assert.deepEqual(await readAll(fixture('lz4.arrow')), expected);
    assert.deepEqual(await readAll(fixture('zstd.stream')), expected);
  });

  it('reads dictionaries and long repetitions that another writer compressed', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      id: textId(Buffer.from(`question ${i % 3}`)),
      query: `question ${i % 3}`,
      positives: [{ id: '', title: '', text: `${'long repetition '.repeat(20)}${i}` }],
      negatives: [{ id: '', title: '', text: 'no' }, ...(i % 2 === 0 ? [{ id: '', title: '', text: `x${i}` }] : [])],
    }));
    for (const name of ['lists.lz4.arrow', 'lists.zstd.arrow'])
      assert.deepEqual((await readAll(fixture(name))).flat(), rows);
  });

  it('reads texts in columns of sentence-transformers, leaving out empty negatives', async () => {
    const table = tableFromArrays({
      anchor: ['a', 'b'],
      positive: ['p', 'q'],
      negative_1: ['m', 'n'],
      negative_2: ['', 'o'],
    });
    const writer = RecordBatchStreamWriter.writeAll(table as never);
    await writeFile(at('columns'), await writer.toUint8Array());
    const text = (value: string) => ({ id: '', title: '', text: value });
    assert.deepEqual((await readAll(at('columns'))).flat(), [
      { id: textId(Buffer.from('a')), query: 'a', positives: [text('p')], negatives: [text('m')] },
      { id: textId(Buffer.from('b')), query: 'b', positives: [text('q')], negatives: [text('n'), text('o')] },
    ]);
  });

  it('leaves out passages of blanks alone in columns of texts', async () => {
    const table = tableFromArrays({ anchor: ['a'], positive: ['p'], negative_1: ['  '], negative_2: ['n'] });
    await writeFile(at('columns'), await RecordBatchStreamWriter.writeAll(table as never).toUint8Array());
    assert.deepEqual((await readAll(at('columns')))[0]![0]!.negatives, [{ id: '', title: '', text: 'n' }]);
  });
});
