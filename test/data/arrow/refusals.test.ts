import assert from 'node:assert/strict';
import { open, readFile, writeFile } from 'node:fs/promises';
import {
  Data,
  Dictionary,
  Int32,
  RecordBatchStreamWriter,
  tableFromArrays,
  Utf8,
  Utf8View,
  vectorFromArray,
  type RecordBatch,
  type Table,
} from 'apache-arrow';
import { UserError } from '../../../configs/userError.js';
import { encodeExamples } from '../../../data/arrow/encodeExamples.js';
import { firstNoUtf8 } from '../../../data/arrow/message/firstNoUtf8.js';
import { openExamples } from '../../../data/arrow/openExamples.js';
import { scanArrow } from '../../../data/arrow/message/scanArrow.js';
import type { Example } from '../../../data/example/example.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

import { arrow, example, fixture, passage, readAll, schema } from './arrowBytes.js';

const refused = (path: string, message: RegExp) =>
  assert.rejects(openExamples(path), (error: Error) => {
    assert.ok(error instanceof UserError, `${error.stack}`);
    assert.match(error.message, message);
    assert.ok(!error.message.includes('\n') && error.message.includes(path), error.message);
    return true;
  });

describe('openExamples, of a file that it cannot read', () => {
  const at = useTemporaryFolder();

  it('names the type of a needed column that the library lacks', async () => {
    await refused(
      fixture('needed.arrow'),
      /: column negatives of unusable type list_view; found query \(Utf8\), positive \(Utf8\), negatives \(list_view\)$/,
    );
  });

  it('refuses a file that is cut anywhere', async () => {
    const bytes = await arrow('file', [[example('1')], [example('2')]]);
    const lengths = [...Array(bytes.length).keys()].filter((length) => length % 41 === 0 || length > bytes.length - 12);
    for (const length of lengths) {
      await writeFile(at('cut'), bytes.subarray(0, length));
      await refused(at('cut'), length < 6 ? /is not an Arrow file/ : /is cut short: the end mark/);
    }
  });

  it('refuses a stream whose last message is incomplete', async () => {
    const bytes = await arrow('stream', [[example('1')], [example('2')]]);
    const withoutLast = await arrow('stream', [[example('1')]]);
    for (let length = withoutLast.length - 7; length < bytes.length - 8; length += 13) {
      await writeFile(at('cut'), bytes.subarray(0, length));
      await refused(at('cut'), /is cut short: the message at byte \d+ is incomplete/);
    }
    await writeFile(at('unclosed'), bytes.subarray(0, bytes.length - 8)); // a stream may end without its end mark
    assert.equal((await readAll(at('unclosed'))).length, 2);
  });

  it('refuses streams put one after the other, of which only the first would be read', async () => {
    const bytes = await arrow('stream', [[example('1')]]);
    await writeFile(at('two'), Buffer.concat([bytes, bytes]));
    await refused(at('two'), /goes on after its end mark/);
  });

  it('refuses damaged headers', async () => {
    const bytes = Buffer.from(await arrow('stream', [[example('1')]]));
    bytes.fill(0xee, 12, 40);
    await writeFile(at('damaged'), bytes);
    await refused(at('damaged'), /is damaged/);
  });

  it('says which columns are missing or unusable and what there is', async () => {
    const write = async (table: Table) => {
      const writer = RecordBatchStreamWriter.writeAll(table);
      await writeFile(at('foreign'), await writer.toUint8Array());
    };
    await write(tableFromArrays({ query: ['a'], label: Float32Array.of(1) }));
    await refused(
      at('foreign'),
      /: positives \(or positive_passages, .*\) and negatives \(or .*\) missing; found query \(Dictionary<.*>\), label \(Float32\)/,
    );
    await write(tableFromArrays({ query_id: ['1'], query: [1.5], positives: [2.5], negatives: ['b'] }));
    await refused(
      at('foreign'),
      /: column query of unusable type Float64, column positives not a text, a list of texts or a list of passages \{id, /,
    );
  });

  it('refuses files without rows', async () => {
    await writeFile(at('empty'), await arrow('file', []));
    await refused(at('empty'), /holds no rows/);
  });

  describe('refuses what the import leaves out', () => {
    // Training took such rows without a word: empty queries, U+FFFD in place of bytes, scores that are no numbers.
    const readOne = async (batch: RecordBatch) => {
      const writer = new RecordBatchStreamWriter();
      writer.write(batch);
      writer.close();
      await writeFile(at('odd'), await writer.toUint8Array());
      const file = await openExamples(at('odd'));
      return file.read(0).finally(() => file.close());
    };
    const blank = { id: 'b', title: ' ', text: '\t' };

    for (const [what, changes, message] of [
      ['an empty query', { query: ' \n' }, /odd: row 2 has an empty query$/],
      ['an empty passage', { negatives: [passage('n'), blank] }, /odd: row 2 has an empty passage$/],
      [
        'a score without end',
        { positives: [{ ...passage('p'), score: Infinity }] },
        /row 2 has a score that is no finite/,
      ],
    ] as const)
      it(what, async () => {
        const odd = { ...example('2'), ...changes } as Example;
        await assert.rejects(readOne(encodeExamples([example('1'), odd], schema)), { name: 'UserError', message });
      });

    it('text that is no UTF-8, in the query or in a passage of a list', async () => {
      const rows = [example('1', ['x', 'y']), example('2', []), example('3', ['zebra'])];
      const broken = async (find: string) => {
        const bytes = Buffer.from(await arrow('stream', [rows]));
        bytes[bytes.indexOf(find)] = 0xff;
        await writeFile(at('broken'), bytes);
        const file = await openExamples(at('broken'));
        return file.read(0).finally(() => file.close());
      };
      await assert.rejects(broken('query 3'), /broken: row 3 has text in query that is no UTF-8$/);
      await assert.rejects(broken('text of y'), /broken: row 1 has text in negatives that is no UTF-8$/);
      await assert.rejects(broken('text of zebra'), /broken: row 3 has text in negatives that is no UTF-8$/);
      await assert.rejects(broken('text of p2'), /broken: row 2 has text in positives that is no UTF-8$/);
    });

    it('a text that begins within a character, though all bytes together are UTF-8', async () => {
      const batch = encodeExamples(
        [
          { ...example('1'), query: 'é' },
          { ...example('2'), query: 'é' },
        ],
        schema,
      );
      (batch.data.children[1]!.valueOffsets as Int32Array)[1] = 3;
      await assert.rejects(readOne(batch), /odd: row 1 has text in query that is no UTF-8$/);
    });

    it('a text of a view or a dictionary', () => {
      const views = (bytes: number[], isLong: boolean) => {
        const view = Buffer.alloc(16);
        view.writeInt32LE(bytes.length);
        if (!isLong) view.set(bytes, 4);
        const behind = isLong ? [Uint8Array.from(bytes)] : [];
        return new Data(new Utf8View(), 0, 1, 0, [undefined, view] as never, [], undefined, behind);
      };
      const long = [...Buffer.from('thirteen byte')];
      assert.equal(firstNoUtf8(views([0x61, 0xc3, 0xa9], false)), null);
      assert.equal(firstNoUtf8(views([0x61, 0xc3], false)), 0);
      assert.equal(firstNoUtf8(views(long, true)), null);
      assert.equal(firstNoUtf8(views([...long.slice(1), 0xff], true)), 0);
      const words = vectorFromArray(['a', 'b', 'a', 'b'], new Dictionary(new Utf8(), new Int32()));
      assert.equal(firstNoUtf8(words.data[0]!), null);
      (words.data[0]!.dictionary!.data[0]!.values as Uint8Array)[1] = 0xff;
      assert.equal(firstNoUtf8(words.data[0]!), 1);
    });
  });

  it('refuses what is no file or no Arrow file', async () => {
    await writeFile(at('text'), '{"query": "not arrow"}\n');
    await refused(at('text'), /is not an Arrow file/);
    await writeFile(at('parquet'), 'PAR1 and more');
    await refused(at('parquet'), /is a Parquet file; `npm run data -- import` brings it into Arrow/);
    await refused(at('absent'), /does not exist/);
    await refused(at(), /is not a file/);
  });

  it('names the row, counted over the whole file, that has no positives', async () => {
    const bad = { ...example('7'), positives: [] };
    await writeFile(
      at('rows'),
      await arrow('file', [
        [example('1'), example('2')],
        [example('3'), bad],
      ]),
    );
    const file = await openExamples(at('rows'));
    assert.equal((await file.read(0)).length, 2);
    await assert.rejects(file.read(1), new UserError(`${at('rows')}: row 4 (query 7) has no positives`));
    await file.close();
  });

  it('names the row whose query, id or passage text is null', async () => {
    const file = at('null');
    for (const [column, message] of [
      ['query', /row 1 has no query$/],
      ['query_id', /row 1 has no query_id$/],
    ] as const) {
      const batch = encodeExamples([example('1')], schema);
      const index = schema.fields.findIndex(({ name }) => name === column);
      const child = batch.data.children[index]!;
      const holed = Object.assign(child.clone(), { nullBitmap: Uint8Array.of(0), _nullCount: 1 });
      batch.data.children[index] = holed;
      const writer = new RecordBatchStreamWriter();
      writer.write(batch);
      writer.close();
      await writeFile(file, await writer.toUint8Array());
      const opened = await openExamples(file);
      await assert.rejects(opened.read(0), message);
      await opened.close();
    }
  });

  it('refuses lengths that lie, without taking the memory that they name', async () => {
    const whole = Buffer.from(await readFile(fixture('zstd.stream')));
    const file = await open(fixture('zstd.stream'));
    const { batches } = await scanArrow(file, 'zstd.stream');
    await file.close();
    // Its last buffer begins with its length without compression.
    const frame = whole.lastIndexOf(Buffer.of(0x28, 0xb5, 0x2f, 0xfd));
    for (const [at64, value, message] of [
      [
        frame - 8,
        2n ** 40n,
        /record batch 0 cannot be read \(a record batch of more than 1024 MB; write smaller ones\)/,
      ],
      [frame - 8, -7n, /record batch 0 cannot be read/],
      [frame - 8, 5n, /record batch 0 cannot be read/],
    ] as const) {
      const lying = Buffer.from(whole);
      lying.writeBigInt64LE(value, at64);
      await writeFile(at('lying'), lying);
      await assert.rejects(readAll(at('lying')), message);
    }
    // A footer that ends before it begins, and a message whose body has less than nothing.
    const tail = Buffer.from(await arrow('file', [[example('1')]]));
    tail.writeInt32LE(-5, tail.length - 10);
    await writeFile(at('tail'), tail);
    await refused(at('tail'), /is damaged: its footer cannot be read/);
    const { offset } = batches[0]!;
    const body = BigInt(whole.length - offset - 8 - whole.readInt32LE(offset + 4) - 8);
    const place = whole.indexOf(Buffer.from(BigInt64Array.of(body).buffer), offset);
    assert.ok(place > offset, 'the length of the body was not found');
    const negative = Buffer.from(whole);
    negative.writeBigInt64LE(-body, place);
    await writeFile(at('negative'), negative);
    await refused(at('negative'), /is damaged: the message at byte \d+ has no end/);
  });

  it('refuses offsets that fall or leave their column', async () => {
    const bytes = Buffer.from(await arrow('stream', [[example('12'), example('345')]]));
    // The offsets of the ids: 0, 2, 5.
    const place = bytes.indexOf(Buffer.from(Int32Array.of(0, 2, 5).buffer));
    for (const [second, third, message] of [
      [6, 5, /the offsets of column query_id do not rise/],
      [-1, 5, /the offsets of column query_id do not rise/],
      [2, 2 ** 30, /column query_id is cut short/],
    ] as const) {
      bytes.writeInt32LE(second, place + 4);
      bytes.writeInt32LE(third, place + 8);
      await writeFile(at('offsets'), bytes);
      await assert.rejects(readAll(at('offsets')), message);
    }
  });

  it('says so when the file is cut while it is open', async () => {
    await writeFile(at('shrinks'), await arrow('file', [[example('1')], [example('2')]]));
    const file = await openExamples(at('shrinks'));
    await writeFile(at('shrinks'), (await readFile(at('shrinks'))).subarray(0, 100));
    await assert.rejects(file.read(1), /record batch 1 cannot be read \(the file ended at byte \d+, \d+ were expected/);
    await file.close();
  });
});
