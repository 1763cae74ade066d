import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Corpus } from '../../../data/task/corpus.js';
import type { CorpusPassage } from '../../../data/task/documents.js';
import { readTask, taskHash } from '../../../data/task/readTask.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('a task with images', () => {
  const at = useTemporaryFolder();
  const write = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), text);
    }
  };
  const png = async (name: string, background: string) => {
    const create = { width: 8, height: 8, channels: 3 as const, background };
    write({ [name]: '' });
    await sharp({ create }).png().toFile(at(name));
  };
  const lines = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const passagesOf = async (corpus: Corpus) => {
    const all: CorpusPassage[] = [];
    for await (const { passages } of corpus.read()) all.push(...passages);
    return all;
  };
  const shown = ({ images, ...passage }: CorpusPassage) => ({ ...passage, images: images?.map(({ name }) => name) });

  const folder = async () => {
    await png('images/red.png', 'red');
    await png('images/blue.png', 'blue');
    write({
      'corpus.jsonl': lines(
        { _id: 'd1', image: 'images/red.png' },
        { _id: 'd2', title: 'both', text: 'words', image: ['images/red.png', 'images/blue.png'] },
        { _id: 'd3', text: 'words alone' },
        { _id: 'd4', text: ' ', image: [] },
      ),
      'queries.jsonl': lines({ _id: 'q1', text: 'red?' }, { _id: 'q2', image: 'images/blue.png' }),
      'qrels/test.tsv': 'q1\td1\t1\nq2\td2\t1\n',
    });
  };

  it('is a folder with files named beside its texts, of documents and of queries', async () => {
    await folder();
    const { corpus, queries } = await readTask(at(), 'test');
    assert.deepEqual((await passagesOf(corpus)).map(shown), [
      { id: 'd1', title: '', text: '', images: [at('images/red.png')] },
      { id: 'd2', title: 'both', text: 'words', images: [at('images/red.png'), at('images/blue.png')] },
      { id: 'd3', title: '', text: 'words alone', images: undefined },
      { id: 'd4', title: '', text: ' ', images: undefined },
    ]);
    assert.deepEqual(
      queries.map(({ id, text, images }) => [id, text, images?.map(({ name }) => name)]),
      [
        ['q1', 'red?', undefined],
        ['q2', '', [at('images/blue.png')]],
      ],
    );
    assert.deepEqual([corpus.pictured, corpus.worded, corpus.blank], [2, 2, 1]);
  });

  // The hash knew the words alone: embeddings of another image would have been taken for those of this one.
  it('is another task, and its shards others, where an image holds something else, whatever its name', async () => {
    await folder();
    const before = await readTask(at(), 'test');
    write({ 'corpus.jsonl': lines({ _id: 'd1', image: 'images/red.png' }) });
    const [shard] = (await readTask(at(), 'test')).corpus.shards;
    copyFileSync(at('images/red.png'), at('images/other.png'));
    write({ 'corpus.jsonl': lines({ _id: 'd1', image: 'images/other.png' }) });
    assert.equal((await readTask(at(), 'test')).corpus.shards[0]!.hash, shard!.hash);
    copyFileSync(at('images/blue.png'), at('images/other.png'));
    assert.notEqual((await readTask(at(), 'test')).corpus.shards[0]!.hash, shard!.hash);
    await folder();
    assert.equal(taskHash(await readTask(at(), 'test')), taskHash(before));
    copyFileSync(at('images/red.png'), at('images/blue.png')); // the image of a query
    assert.notEqual(taskHash(await readTask(at(), 'test')), taskHash(before));
  });

  it('names line and image of what cannot be read', async () => {
    await folder();
    write({ 'corpus.jsonl': lines({ _id: 'd1', text: '' }, { _id: 'd2', image: 'images/none.png' }) });
    await assert.rejects(readTask(at(), 'test'), /corpus\.jsonl:2: cannot read .*none\.png: it does not exist/);
    write({ 'images/none.png': '%PDF-1.4' });
    await assert.rejects(readTask(at(), 'test'), /corpus\.jsonl:2: .*none\.png is a PDF, which is not read; render/);
    write({ 'corpus.jsonl': lines({ _id: 'd1', image: 3 }) });
    await assert.rejects(
      readTask(at(), 'test'),
      /corpus\.jsonl:1: image must be the name of a file, or a list of them/,
    );
  });

  it('is read by its words alone where that is asked', async () => {
    await folder();
    write({
      'corpus.jsonl': lines({ _id: 'd1', text: 'words', image: 'images/gone.png' }),
      'qrels/test.tsv': 'q1\td1\t1\n',
    });
    write({ 'queries.jsonl': lines({ _id: 'q1', text: 'red?' }) });
    const { corpus } = await readTask(at(), 'test', { titles: 'use', images: 'ignore' });
    assert.deepEqual(await passagesOf(corpus), [{ id: 'd1', title: '', text: 'words' }]);
    assert.equal(corpus.pictured, 0);
  });

  // One page without words refused the task, as a text that is no text.
  it('has blank documents where pages have no words and images are left aside', async () => {
    await folder();
    const corpus = lines(
      { _id: 'd1', image: 'images/gone.png' },
      { _id: 'd2', text: null, images: ['images/gone.png'] },
    );
    write({
      'corpus.jsonl': corpus,
      'qrels/test.tsv': 'q1\td1\t1\n',
      'queries.jsonl': lines({ _id: 'q1', text: 'red?' }),
    });
    const read = () => readTask(at(), 'test', { titles: 'use', images: 'ignore' });
    const blank = (id: string) => ({ id, title: '', text: '' });
    const { corpus: found } = await read();
    assert.deepEqual([await passagesOf(found), found.blank], [[blank('d1'), blank('d2')], 2]);
    write({ 'corpus.jsonl': lines({ _id: 'd1' }) });
    await assert.rejects(read(), /corpus\.jsonl:1: text must be text; got undefined/);
  });

  describe('as ViDoRe is published, in Parquet', () => {
    const table = (name: string) => fileURLToPath(new URL(`../../fixtures/parquet/vidore/${name}`, import.meta.url));
    const published = () => {
      mkdirSync(at('qrels'), { recursive: true });
      copyFileSync(table('corpus.parquet'), at('corpus.parquet'));
      copyFileSync(table('queries.parquet'), at('queries.parquet'));
      copyFileSync(table('qrels.parquet'), at('qrels/test.parquet'));
    };

    // Columns named corpus-id, query-id and query were not known, and images were not read.
    it('has pages within its table, read with every byte', async () => {
      published();
      const { corpus, queries, qrels } = await readTask(at(), 'test');
      const pages = await passagesOf(corpus);
      assert.deepEqual(
        pages.map(({ id, text, images }) => [id, text, images!.length]),
        [
          ['10', '', 1],
          ['11', '', 1],
          ['12', '', 1],
        ],
      );
      const colours = [];
      for (const { images } of pages) {
        const bytes = await images![0]!.read();
        assert.equal(createHash('sha256').update(bytes).digest('hex'), images![0]!.sha256);
        assert.equal(bytes.buffer.byteLength, bytes.length);
        colours.push([...(await sharp(bytes).raw().toBuffer()).subarray(0, 3)]);
      }
      assert.deepEqual(colours, [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
      ]);
      assert.equal(pages[1]!.images![0]!.name, `image 1 of ${at('corpus.parquet')}, row 2`);
      assert.deepEqual(
        queries.map(({ id, text }) => [id, text]),
        [
          ['0', 'the red page'],
          ['1', 'the green page'],
          ['2', 'la page verte'],
        ],
      );
      assert.deepEqual(
        qrels.get('2'),
        new Map([
          ['11', 1],
          ['12', 1],
        ]),
      );
    });

    it('may spell the names of its columns otherwise', async () => {
      published();
      write({
        'corpus.jsonl': lines(
          { corpus_id: 10, text: 'red' },
          { corpus_id: 11, text: 'a' },
          { corpus_id: 12, text: 'b' },
        ),
        'queries.jsonl': lines(
          { query_id: 0, query: 'red?' },
          { query_id: 1, query: 'a?' },
          { query_id: 2, query: '' },
        ),
      });
      for (const name of ['corpus', 'queries']) rmSync(at(`${name}.parquet`));
      const { corpus, queries } = await readTask(at(), 'test');
      assert.deepEqual([corpus.ids.get(0), queries[0]], ['10', { id: '0', text: 'red?' }]);
    });

    it('is judged on the queries of one language', async () => {
      published();
      const { queries, qrels } = await readTask(at(), 'test', { titles: 'use', language: 'french' });
      assert.deepEqual(
        queries.map(({ id }) => id),
        ['2'],
      );
      assert.deepEqual([...qrels.keys()], ['2']);
      await assert.rejects(
        readTask(at(), 'test', { titles: 'use', language: 'fr' }),
        /queries\.parquet has no judged query whose language is fr; /,
      );
    });
  });

  it('may hold text, image or both in any row, of corpus and of queries, as MTEB has captions, photographs and pages', async () => {
    const table = (name: string) =>
      fileURLToPath(new URL(`../../fixtures/parquet/mteb/${name}.parquet`, import.meta.url));
    mkdirSync(at('qrels'), { recursive: true });
    for (const name of ['corpus', 'queries']) copyFileSync(table(name), at(`${name}.parquet`));
    copyFileSync(table('qrels'), at('qrels/test.parquet'));
    const { corpus, queries, qrels } = await readTask(at(), 'test');
    const colour = async (images: CorpusPassage['images']) =>
      images && [
        ...(
          await sharp(await images[0]!.read())
            .raw()
            .toBuffer()
        ).subarray(0, 3),
      ];
    const rows = (of: readonly CorpusPassage[]) =>
      Promise.all(of.map(async ({ id, text, images }) => [id, text, await colour(images)]));
    assert.deepEqual(await rows(await passagesOf(corpus)), [
      ['9:1', '', [255, 0, 0]],
      ['9:2', 'a green field', [0, 255, 0]],
      ['9:3', 'a blue sea', undefined],
    ]);
    assert.deepEqual(await rows(queries.map((query) => ({ title: '', ...query }))), [
      ['0:1', 'something red', undefined],
      ['0:2', '', [0, 0, 255]],
      ['0:3', 'as here, but wider', [0, 250, 0]],
    ]);
    assert.deepEqual([corpus.pictured, corpus.worded], [2, 2]);
    assert.deepEqual(qrels.get('0:2'), new Map([['9:3', 1]]));
  });
});
