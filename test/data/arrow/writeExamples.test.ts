import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { CompressionType, compressionRegistry, tableFromIPC } from 'apache-arrow';
import { decompress } from 'fzstd';
import { openExamples } from '../../../data/arrow/openExamples.js';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import type { Example } from '../../../data/example/example.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const example = (id: number, text = `text ${id}`): Example => ({
  id: `${id}`,
  query: `Frage ${id} ß`,
  positives: [{ id: `p${id}`, title: '', text }],
  negatives: [],
});

describe('createExampleWriter', () => {
  const at = useTemporaryFolder();

  it('cuts rows into batches and keeps every row and the metadata', async () => {
    const writer = await createExampleWriter(at('a.arrow'), { rowsPerBatch: 2, metadata: { source: 'by hand' } });
    const examples = [0, 1, 2, 3, 4].map((id) => example(id));
    for (const row of examples) await writer.write(row);
    assert.deepEqual(await writer.close(), { rows: 5 });
    const file = await openExamples(at('a.arrow'));
    assert.deepEqual(file.batchRows, [2, 2, 1]);
    assert.deepEqual((await Promise.all([0, 1, 2].map((batch) => file.read(batch)))).flat(), examples);
    await file.close();
    // The library's own reader goes by the footer, ours by the messages. It knows no codec but those that it is given.
    compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => decompress(bytes) });
    const table = tableFromIPC(await readFile(at('a.arrow')));
    assert.equal(table.schema.metadata.get('source'), 'by hand');
    assert.equal(table.getChild('query')!.get(4), 'Frage 4 ß');
  });

  it('keeps scores, and none where there are none', async () => {
    const writer = await createExampleWriter(at('a.arrow'));
    const negatives = [0.5, undefined, -2].map((score, id) => ({
      id: `${id}`,
      title: 'T',
      text: 'x',
      ...(score !== undefined && { score }),
    }));
    const rows = [example(0), { ...example(1), negatives }, example(2)];
    for (const row of rows) await writer.write(row);
    await writer.close();
    const file = await openExamples(at('a.arrow'));
    assert.deepEqual(await file.read(0), rows);
    await file.close();
  });

  it('ends a batch early where rows are long, so that memory stays bounded', async () => {
    const writer = await createExampleWriter(at('long.arrow'));
    const long = 'x'.repeat(2 ** 24);
    for (let id = 0; id < 3; id++) await writer.write(example(id, long));
    await writer.close();
    const file = await openExamples(at('long.arrow'));
    assert.deepEqual(file.batchRows, [2, 1]);
    await file.close();
  });

  it('leaves an older file alone until it is closed, and for good when it is aborted', async () => {
    await writeFile(at('a.arrow'), 'older');
    const writer = await createExampleWriter(at('a.arrow'), { rowsPerBatch: 1 });
    await writer.write(example(1));
    assert.equal(await readFile(at('a.arrow'), 'utf8'), 'older');
    await writer.abort();
    assert.deepEqual(await readdir(at()), ['a.arrow']);
    assert.equal(await readFile(at('a.arrow'), 'utf8'), 'older');
  });

  it('leaves nothing behind when writing fails', async () => {
    const writer = await createExampleWriter(at('a.arrow'), { rowsPerBatch: 1 });
    await assert.rejects(writer.write({ ...example(1), query: null as unknown as string }));
    assert.deepEqual(await readdir(at()), []);
  });
});
