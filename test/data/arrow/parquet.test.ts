import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../../configs/userError.js';
import type { Example } from '../../../data/example/example.js';
import { openParquet } from '../../../data/arrow/parquet.js';
import { readParquetRows } from '../../../data/import/source/readSourceRows.js';
import { recogniseFormat } from '../../../data/import/source/recogniseFormat.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { collectRows } from '../import/collectRows.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/parquet/${name}`, import.meta.url));
const read = async (path: string, from = 0) => {
  const { sink, lookups, rows, rejects } = collectRows();
  await readParquetRows(await recogniseFormat(path), from, sink, lookups, undefined, () => undefined);
  return { rows, rejects };
};
const rowOf = (i: number): Example => ({
  id: `${i}`,
  query: `quéry ${i}`,
  positives: [{ id: `p${i}`, title: i === 1 ? '' : 'T', text: `answer ${i}` }],
  negatives: Array.from({ length: i % 3 }, (_, j) => ({ id: `n${i}-${j}`, title: '', text: `no ${j}` })),
});

describe('openParquet', () => {
  const at = useTemporaryFolder();

  for (const codec of ['snappy', 'zstd', 'gzip', 'lz4', 'brotli'])
    it(`reads Tevatron's rows as the hub has them, compressed with ${codec}`, async () => {
      const { rows, rejects } = await read(fixture(`tevatron.${codec}.parquet`));
      assert.deepEqual(rows, [0, 1, 2, 3, 4, 5].map(rowOf));
      assert.deepEqual(rejects, [{ line: 7, reason: 'positive_passages empty' }]);
    });

  it('goes on in the middle of a row group', async () => {
    assert.deepEqual((await read(fixture('tevatron.snappy.parquet'), 4)).rows, [rowOf(4), rowOf(5)]);
  });

  it('reads texts in columns, each negative in its own', async () => {
    const { rows } = await read(fixture('triplets.parquet'));
    assert.deepEqual(
      rows.map(({ query, positives, negatives }) => [query, ...[...positives, ...negatives].map(({ text }) => text)]),
      [
        ['one', 'p1', 'a', 'c'],
        ['two', 'p2', 'b', 'd'],
      ],
    );
  });

  it('keeps whole numbers: every digit of ids, and scores', async () => {
    // Tevatron's rows lost their scores, FlagEmbedding's were all refused, where columns held whole numbers.
    const passage = (id: string, text: string, score: number) => ({ id, title: '', text, score });
    assert.deepEqual((await read(fixture('integers.parquet'))).rows, [
      {
        id: '1152921504606846977',
        query: 'a',
        positives: [passage('9007199254740993', 'x', 5)],
        negatives: [passage('-7', 'y', -2)],
      },
    ]);
    const { rows, rejects } = await read(fixture('scores.parquet'));
    assert.deepEqual(
      rows.map(({ positives, negatives }) => [positives[0]!.score, negatives[0]!.score]),
      [[5, 1.5]],
    );
    assert.deepEqual(rejects, [{ line: 2, reason: 'neg_scores not one number for each neg' }]);
  });

  it('counts rows whose texts are no UTF-8', async () => {
    // They were imported with U+FFFD in place of what could not be read.
    const { rows, rejects } = await read(fixture('brokenText.parquet'));
    assert.deepEqual(
      rows.map(({ query }) => query),
      ['é'],
    );
    assert.deepEqual(rejects, [{ line: 2, reason: 'query not UTF-8' }]);
  });

  it('gives columns of bytes as they are, and reads none that is not wanted', async () => {
    // They were made texts, and images could not be had back from these.
    const rows = async (...wanted: string[]) => {
      const found = [];
      const file = await openParquet(fixture('images.parquet'));
      for await (const row of file.read(0, (name) => wanted.includes(name))) found.push(row);
      return found;
    };
    const images = (await rows('image')).map(({ image }) => image && [...(image as Uint8Array)]);
    assert.deepEqual(images, [[0x89, 0x50, 0x4e, 0x47, 0xff, 0], [], null]);
    assert.deepEqual(Object.keys((await rows('_id', 'text'))[0]!), ['_id', 'text']);
  });

  it('says so when a file is cut or damaged', async () => {
    const bytes = await readFile(fixture('tevatron.snappy.parquet'));
    for (const [name, content] of [
      ['cut', bytes.subarray(0, bytes.length - 9)],
      ['short', bytes.subarray(0, 6)],
      ['holed', Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(300, 0xee), bytes.subarray(304)])],
    ] as const) {
      writeFileSync(at(name), content);
      await assert.rejects(
        async () => {
          for await (const _ of (await openParquet(at(name))).read(0));
        },
        (error: Error) => {
          assert.ok(error instanceof UserError, error.stack);
          assert.match(error.message, /is damaged or no Parquet file: [^\n]+$/);
          return true;
        },
      );
    }
  });
});
