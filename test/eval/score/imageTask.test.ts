import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bm25Retriever } from '../../../eval/bm25/retriever.js';
import { denseRetriever } from '../../../eval/dense/denseRetriever.js';
import type { Encoder } from '../../../eval/encoder/encoder.js';
import { openEncoder, type OpenEncoder } from '../../../eval/encoder/openEncoder.js';
import { evaluateRetriever, keepNoText } from '../../../eval/score/scoreModel.js';
import { showsImages } from '../../../eval/tasks/showsImages.js';
import { ownTaskFile, type Task } from '../../../eval/tasks/taskFile.js';
import { swatch } from '../../fixtures/swatch.js';
import { writeTinyVision } from '../../fixtures/writeTinyVision.js';
import { fixedRetriever } from '../exampleTask.js';

describe('evaluation on pages', function () {
  this.timeout(60_000);
  let folder: string;
  let opened: OpenEncoder;
  let task: Task;
  const at = (name: string) => join(folder, name);
  const metrics = ['ndcg@5', 'recall@1', 'recall@5', 'hit@1'];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-'));
    await writeTinyVision(at('base'));
    mkdirSync(at('pages/qrels'), { recursive: true });
    const table = (name: string) => fileURLToPath(new URL(`../../fixtures/parquet/vidore/${name}`, import.meta.url));
    for (const name of ['corpus', 'queries']) copyFileSync(table(`${name}.parquet`), at(`pages/${name}.parquet`));
    copyFileSync(table('qrels.parquet'), at('pages/qrels/test.parquet'));
    writeFileSync(at('pages.yaml'), `folder: pages\nmetrics: [${metrics.join(', ')}]\n`);
    task = ownTaskFile(at('pages.yaml')) as Task;
    const set = ['image.minPixels=32', 'image.maxPixels=192'];
    opened = await openEncoder(at('base'), { images: true, precision: 'float32', set });
  });
  after(async () => {
    await opened.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const scoresOf = async (name: string, retriever: Parameters<typeof evaluateRetriever>[0], of = task) =>
    (await evaluateRetriever(retriever, of, { folder: at(`results/${name}`) })).summary;

  it('gives the measures that papers on pages report', async () => {
    // Query 0 finds its page second, 1 first, and 2 one of its two pages third.
    const found = fixedRetriever('found', { 0: ['11', '10'], 1: ['11'], 2: ['10', '8', '12'] });
    const { metrics: mean } = await scoresOf('found', found);
    const third = 1 / Math.log2(4) / (1 + 1 / Math.log2(3));
    assert.deepEqual(mean, {
      'ndcg@5': (1 / Math.log2(3) + 1 + third) / 3,
      'recall@1': 1 / 3,
      'recall@5': (1 + 1 + 1 / 2) / 3,
      'hit@1': 1 / 3,
    });
    assert.deepEqual(Object.keys(mean)[0], 'ndcg@5', 'models are compared by what the task names first');
  });

  it('encodes pages once, and finds their embeddings again by what they show', async () => {
    let encoded: string[] = [];
    const counted = (): Encoder => ({
      ...opened.encoder,
      encode(kind, texts, ...rest) {
        encoded.push(`${kind} ${texts.length}`);
        return opened.encoder.encode(kind, texts, ...rest);
      },
    });
    const retriever = () => denseRetriever(counted(), { root: at('embeddings') });
    const first = await scoresOf('first', retriever());
    assert.deepEqual(encoded, ['query 3', 'passage 3']);
    assert.ok(first.metrics['ndcg@5']! > 0);
    encoded = [];
    assert.deepEqual((await scoresOf('second', retriever())).metrics, first.metrics);
    assert.deepEqual(encoded, []);
    // The same words under another contract of images, and other images with the same words.
    const other = await openEncoder(at('base'), { images: true, precision: 'float32', set: ['image.maxPixels=3200'] });
    await scoresOf(
      'third',
      denseRetriever({ ...counted(), identity: other.encoder.identity }, { root: at('embeddings') }),
    );
    await other.close();
    assert.deepEqual(encoded, ['query 3', 'passage 3']);
  });

  it('gives a model of words no score where there are none, and one where pages come with what was read from them', async () => {
    const bm25 = bm25Retriever({ root: at('bm25') });
    await assert.rejects(scoresOf('bm25', bm25), {
      name: 'UserError',
      message: /^pages has no text in its documents, which bm25 .* ranks by; score a model that reads images$/,
    });
    cpSync(at('pages/queries.parquet'), at('read/queries.parquet'));
    cpSync(at('pages/qrels'), at('read/qrels'), { recursive: true });
    writeFileSync(at('read/page.png'), (await swatch(1)).bytes);
    const words = ['red', 'green verte', 'blue'];
    const lines = words.map((text, row) => `{"_id": "${10 + row}", "text": "${text}", "image": "page.png"}\n`);
    writeFileSync(at('read/corpus.jsonl'), lines.join(''));
    writeFileSync(at('read.yaml'), `folder: read\nmetrics: [${metrics.join(', ')}]\n`);
    await keepNoText(at('results/read')); // as it was before the pages were read
    const { metrics: read } = await scoresOf('read', bm25, ownTaskFile(at('read.yaml')) as Task);
    assert.equal(read['hit@1'], 1);
    assert.deepEqual(readdirSync(at('results/read')).sort(), ['metrics.json', 'per-query.arrow', 'run.trec']);
  });

  it('knows beforehand whether images are to be read', async () => {
    assert.equal(await showsImages(task), true);
    assert.equal(await showsImages({ ...task, images: 'ignore' }), false);
    const read = ownTaskFile(at('read.yaml')) as Task;
    assert.equal(await showsImages(read), true);
    writeFileSync(at('read/corpus.jsonl'), '{"_id": "10", "text": "red"}\n');
    assert.equal(await showsImages(read), false);
    const words = await openEncoder(at('base'), { precision: 'float32' });
    await assert.rejects(scoresOf('words', denseRetriever(words.encoder, { cacheBytes: 0 })), {
      name: 'UserError',
      message:
        /^10 has an image, image 1 of .*corpus\.parquet, row 1, and the model is opened for texts alone; score it by/,
    });
    await words.close();
  });
});
