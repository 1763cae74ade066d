import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { openCollection } from '../../../../data/import/lookup/collection.js';
import { openParquetCollection } from '../../../../data/import/lookup/parquetCollection.js';
import { createOffsetTable, hashOf } from '../../../../data/import/lookup/offsetTable.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

describe('openCollection', () => {
  const at = useTemporaryFolder();
  const opened = async (content: string | Buffer) => {
    writeFileSync(at('collection'), content);
    const rejects: string[] = [];
    const onReject = (line: number, reason: string) => void rejects.push(`${line} ${reason}`);
    const collection = await openCollection(at('collection'), at('expanded'), { onReject, onBytes: () => {} });
    return { collection, rejects };
  };

  it('finds each of many texts by its id, byte for byte, in plain and compressed files', async () => {
    const ids = Array.from({ length: 70_000 }, (_, index) => `${(index * 7919) % 70_001}`);
    const lines = [
      ...ids.map((id) => `${id}\tpassage é ${id} ${'x'.repeat(Number(id) % 90)}`),
      'A\tupper',
      'a\tlower',
      'a \tblank',
    ];
    for (const content of [`\ufeff${lines.join('\n')}`, gzipSync(`${lines.join('\r\n')}\r\n`)]) {
      const { collection, rejects } = await opened(content);
      assert.deepEqual([collection.size, rejects], [70_003, []]);
      for (const id of [ids[0]!, ids[1]!, ids[69_999]!, '40000'])
        assert.deepEqual(collection.find(id)?.text, `passage é ${id} ${'x'.repeat(Number(id) % 90)}`);
      assert.deepEqual(
        ['A', 'a', 'a ', ' a', '70001'].map((id) => collection.find(id)?.text),
        ['upper', 'lower', 'blank', undefined, undefined],
      );
      await collection.close();
      assert.ok(!existsSync(at('expanded')));
    }
  });

  it('reads JSON lines with titles, and texts longer than are usually read at once', async () => {
    const long = 'word '.repeat(5000);
    const { collection } = await opened(`{"_id":"1","title":"T","text":"t"}\n{"_id":"2","text":"${long}"}\n`);
    assert.deepEqual(collection.find('1'), { id: '1', title: 'T', text: 't' });
    assert.equal(collection.find('2')!.text, long);
    await collection.close();
  });

  it('tells the lines that it cannot use and refuses ids that come twice', async () => {
    const { collection, rejects } = await opened('1\tone\nnothing\n\n\tempty\n2\ta\tb\n{"id":"3"}\n');
    assert.deepEqual(rejects, [
      '2 not two columns split by a tab',
      '4 empty id',
      '5 not two columns split by a tab',
      '6 text missing',
    ]);
    await collection.close();
    await assert.rejects(opened('1\ta\n2\tb\n1\ta\n'), /collection:3 repeats the id 1; ids must be unique/);
    await assert.rejects(opened('nothing\n'), /holds no usable entry/);
  });
});

describe('createOffsetTable', () => {
  it('keeps apart ids of equal hashes, and grows', () => {
    const table = createOffsetTable();
    const hash = (id: number) => hashOf(Buffer.from(`${id}`));
    for (let offset = 0; offset < 100_000; offset++)
      assert.ok(table.add(hash(offset % 50_000), offset, (other) => other === offset));
    assert.equal(table.size(), 100_000);
    assert.deepEqual([...table.candidates(hash(123))], [123, 50_123]);
    assert.equal(
      table.add(hash(123), 7, (other) => other === 50_123),
      false,
    );
    assert.deepEqual([...table.candidates(hash(60_000))], []);
  });

  it('spreads ids that follow one another', () => {
    const slots = new Set(Array.from({ length: 1000 }, (_, id) => hashOf(Buffer.from(`${id}`)) & 0xffff));
    assert.ok(slots.size > 950, `${slots.size} of 1000`); // by chance 992
  });
});

describe('openParquetCollection', () => {
  const at = useTemporaryFolder();

  it('finds the rows of a Parquet file with their images, which it writes out as they are', async () => {
    const path = fileURLToPath(new URL('../../../fixtures/parquet/images.parquet', import.meta.url));
    const rejects: unknown[] = [];
    const onReject = (...reject: unknown[]) => void rejects.push(reject);
    const collection = await openParquetCollection(path, at('expanded'), { onReject, onBytes: () => {} });
    const found = collection.find('9007199254740993')!;
    assert.deepEqual([found.title, found.text, found.images!.length], ['', 'één', 1]);
    const { offset, length } = found.images![0]!.within!;
    const written = readFileSync(at('expanded')).subarray(offset, offset + length);
    assert.equal(written.toString('latin1'), '\x89PNG\xff\0');
    assert.deepEqual(collection.find('3'), { id: '3', title: '', text: 'three' });
    assert.equal(collection.find('9007199254740992'), null);
    assert.deepEqual([collection.size, rejects], [3, []]);
    await collection.close();
    assert.ok(!existsSync(at('expanded')));
  });
});
