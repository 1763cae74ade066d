import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../../../configs/userError.js';
import type { Example } from '../../../../data/example/example.js';
import { openParquet } from '../../../../data/import/source/parquet.js';
import { readParquetRows } from '../../../../data/import/source/readRows.js';
import { recogniseFormat } from '../../../../data/import/source/recogniseFormat.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';
import { collectRows } from '../collectRows.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../../fixtures/parquet/${name}`, import.meta.url));
const read = async (path: string, from = 0) => {
  const { sink, lookups, rows, rejects } = collectRows();
  await readParquetRows(await recogniseFormat(path), from, sink, lookups, () => undefined);
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
