import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { datasetState, downloadedFiles, writeManifest } from '../../../data/download/datasetState.js';
import { requireOwnFolder } from '../../../data/files/ownFolder.js';
import { importDataset, importedFile, isImported, type TrainingDataset } from '../../../data/import/importDataset.js';
import { openExamples } from '../../../data/arrow/openExamples.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('importDataset', () => {
  const inFolder = useTemporaryFolder();
  const set = (training: Partial<TrainingDataset['import']> = {}): TrainingDataset => ({
    name: 'tiny',
    about: 'a tiny set',
    licence: 'none',
    page: 'https://files.example/',
    folder: 'tiny',
    sources: [{ url: 'https://files.example/train.tsv.gz', headers: {}, as: 'train.tsv.gz' }],
    import: { files: ['tiny/train.tsv.gz'], needs: [], ...training },
  });
  const put = (name: string, bytes: string | Buffer) => {
    mkdirSync(dirname(inFolder(name)), { recursive: true });
    writeFileSync(inFolder(name), bytes);
  };
  const triples = (rows: number) =>
    gzipSync(Array.from({ length: rows }, (_, row) => `query ${row}\tpositive ${row}\tnegative ${row}\n`).join(''));
  const rowsOf = async (dataset: TrainingDataset) => {
    const file = await openExamples(importedFile(dataset, inFolder()));
    await file.close();
    return file.rows;
  };
  const run = (dataset = set(), signal?: AbortSignal) =>
    importDataset(dataset, inFolder(), { say: () => {}, ...(signal && { signal }) });

  it('puts the training file beside its sources, and knows it again by their bytes', async () => {
    put('tiny/train.tsv.gz', triples(3));
    await writeManifest(inFolder('tiny'), 'tiny', []);
    assert.equal(await isImported(set(), inFolder()), false);
    assert.equal(await run(), true);
    assert.equal(await rowsOf(set()), 3);
    assert.equal(await isImported(set(), inFolder()), true);
    const { mtimeMs } = statSync(importedFile(set(), inFolder()));
    await run();
    assert.equal(statSync(importedFile(set(), inFolder())).mtimeMs, mtimeMs, 'it was imported twice');
    // The set is still whole, and its folder still one that a download may replace.
    assert.equal(datasetState(set(), inFolder('tiny')), 'here');
    await requireOwnFolder(inFolder('tiny'), downloadedFiles(inFolder('tiny')));
  });

  it('imports anew when a source holds other bytes', async () => {
    put('tiny/train.tsv.gz', triples(3));
    await run();
    put('tiny/train.tsv.gz', triples(4));
    assert.equal(await isImported(set(), inFolder()), false);
    await run();
    assert.equal(await rowsOf(set()), 4);
  });

  it('goes on after an interruption', async () => {
    put('tiny/train.tsv.gz', triples(3000));
    assert.equal(await run(set(), AbortSignal.abort()), false);
    assert.equal(await isImported(set(), inFolder()), false);
    assert.equal(await run(), true);
    assert.equal(await rowsOf(set()), 3000);
  });

  it('knows texts that were looked up, and folders in BEIR layout, by their bytes too', async () => {
    put('texts/collection.tsv', '1\tone\n2\ttwo\n');
    put('tiny/queries.tsv', '7\twhich\n');
    put('tiny/ids.tsv', '7\t1\t2\n');
    const ids = set({ files: ['tiny/ids.tsv'], collection: 'texts/collection.tsv', queries: 'tiny/queries.tsv' });
    assert.equal(await run(ids), true);
    assert.equal(await isImported(ids, inFolder()), true);
    put('texts/collection.tsv', '1\tone\n2\tthree\n');
    assert.equal(await isImported(ids, inFolder()), false);
    rmSync(inFolder('tiny'), { recursive: true });
    put('tiny/corpus.jsonl', '{"_id":"p1","text":"one"}\n{"_id":"p2","text":"two"}\n');
    put('tiny/queries.jsonl', '{"_id":"q1","text":"which"}\n');
    put('tiny/qrels/train.tsv', 'query-id\tcorpus-id\tscore\nq1\tp1\t1\nq1\tp2\t0\n');
    const beir = set({ files: ['tiny'] });
    assert.equal(await run(beir), true);
    assert.equal(await isImported(beir, inFolder()), true);
  });
});
