import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Passage } from '../../../data/example/example.js';
import { memoryCorpus, scanCorpus, scannedCorpus, type Corpus } from '../../../data/task/corpus.js';
import { openCorpus } from '../../../data/task/openCorpus.js';
import { countAbsent, readTask, taskHash } from '../../../data/task/readTask.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

async function passagesOf(corpus: Corpus, isWanted?: (shard: number) => boolean): Promise<Passage[]> {
  const passages: Passage[] = [];
  for await (const shard of corpus.read(isWanted)) passages.push(...shard.passages);
  return passages;
}

const lines = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

describe('readTask', () => {
  const at = useTemporaryFolder();
  const write = (files: Record<string, string | Buffer>) => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), content);
    }
  };
  const corpus = lines({ _id: 'd1', title: 'T', text: 'one' }, { _id: 'd2', text: 'two' });
  const queries = lines({ _id: 'q1', text: 'first' }, { _id: 'q2', text: 'second' });

  it('reads the layout of the hub: numbered JSON lines with the columns of CoIR in a folder data', async () => {
    write({
      'data/corpus-00000-of-00002.jsonl': lines({
        _id: 'd1',
        title: 'T',
        partition: 'test',
        text: 'one',
        language: '',
      }),
      'data/corpus-00001-of-00002.jsonl': lines({ _id: 'd2', title: null, text: 'two' }),
      'data/queries-00000-of-00001.jsonl': queries,
      'data/test-00000-of-00001.jsonl': lines({ query_id: 'q2', corpus_id: 'd1', score: 1 }),
    });
    const task = await readTask(at(), 'test');
    assert.deepEqual(await passagesOf(task.corpus), [
      { id: 'd1', title: 'T', text: 'one' },
      { id: 'd2', title: '', text: 'two' },
    ]);
    assert.deepEqual(task.queries, [{ id: 'q2', text: 'second' }]);
    assert.deepEqual(task.qrels, new Map([['q2', new Map([['d1', 1]])]]));
  });

  it('reads Parquet, row group by row group', async () => {
    const folder = fileURLToPath(new URL('../../fixtures/coirTask', import.meta.url));
    const task = await readTask(folder, 'test', { titles: 'ignore' });
    const passages = await passagesOf(task.corpus);
    assert.deepEqual(
      passages.map(({ id }) => id),
      ['d0', 'd1', 'd2', 'd3', 'd4'],
    );
    assert.deepEqual(passages[4], { id: 'd4', title: '', text: "def f4():\n\treturn 'ü 4'" });
    assert.deepEqual(
      task.queries.map(({ id }) => id),
      ['q0', 'q2'],
    );
    assert.deepEqual(task.qrels.get('q2'), new Map([['d4', 1]]));
  });

  it('reads Parquet compressed with LZ4, ids of 64 bits and texts in columns of bytes, beside images', async () => {
    // Short blocks of LZ4 were "damaged" here and read by the importer.
    const corpus = readFileSync(fileURLToPath(new URL('../../fixtures/parquet/images.parquet', import.meta.url)));
    write({ 'corpus.parquet': corpus, 'queries.jsonl': queries, 'qrels/test.tsv': 'q1\t9007199254740993\t1\n' });
    const task = await readTask(at(), 'test', { titles: 'use', images: 'ignore' });
    assert.deepEqual(await passagesOf(task.corpus), [
      { id: '9007199254740993', title: '', text: 'één' },
      { id: '2', title: '', text: 'two' },
      { id: '3', title: '', text: 'three' },
    ]);
    assert.equal(countAbsent(task), 0);
  });

  it('keeps apart ids that a double would make one', async () => {
    const json = '{"_id": 9007199254740992, "text": "even"}\n{"_id": 9007199254740993, "text": "odd"}\n';
    write({ 'corpus.jsonl': json, 'queries.jsonl': queries });
    write({ 'qrels/test.jsonl': '{"query-id":"q1","corpus-id":9007199254740993,"score":1}\n' });
    const task = await readTask(at(), 'test');
    assert.equal(task.corpus.ids.get(1), '9007199254740993');
    assert.deepEqual([...task.qrels.get('q1')!.keys()], ['9007199254740993']);
    write({ 'corpus.jsonl': '{"_id": 1.5, "text": "t"}\n' });
    await assert.rejects(
      readTask(at(), 'test'),
      /jsonl:1: _id must be a text or a whole number that is exact; got 1.5$/,
    );
    write({ 'corpus.jsonl': '{"_id": 1, "text": "half \\ud83d"}\n' });
    await assert.rejects(readTask(at(), 'test'), /jsonl:1: text must be text; got "half \\ud83d"$/);
  });

  it('refuses a corpus, queries or judgements of which a piece is missing', async () => {
    write({ 'corpus-00000-of-00002.jsonl': corpus, 'queries.jsonl': queries, 'qrels/test.tsv': 'q1\td1\t1\n' });
    await assert.rejects(readTask(at(), 'test'), /corpus is not whole: of its 2 parts corpus-00001-of-00002.jsonl is/);
    write({ 'a/corpus.jsonl': corpus, 'a/queries-1-of-3.jsonl': queries, 'a/queries-3-of-3.jsonl': queries });
    write({ 'a/qrels/test.tsv': 'q1\td1\t1\n' });
    await assert.rejects(readTask(at('a'), 'test'), /of its 3 parts queries-2-of-3\.jsonl is missing/);
    write({ 'b/corpus.jsonl': corpus, 'b/queries.jsonl': queries, 'b/qrels/test-0-of-2.tsv': 'q1\td1\t1\n' });
    await assert.rejects(readTask(at('b'), 'test'), /of its 2 parts test-1-of-2\.tsv is missing/);
  });

  it('reads judgements by tabs where there are two, by blanks where there are four columns', async () => {
    // `q 1 TAB d1 TAB 1` was taken for TREC's four: query q, document d1, grade 1.
    write({ 'corpus.jsonl': corpus, 'queries.jsonl': lines({ _id: 'q 1', text: 'first' }, { _id: 'q1', text: 'x' }) });
    write({ 'qrels/test.tsv': 'q 1\td1\t1\nq1 0 d2 2\nq1\t0\td1\t3\n' });
    const { qrels } = await readTask(at(), 'test');
    assert.deepEqual(
      [...qrels].map(([query, grades]) => [query, ...grades]),
      [
        ['q 1', ['d1', 1]],
        ['q1', ['d2', 2], ['d1', 3]],
      ],
    );
    for (const line of [
      'q 1\td1',
      '\td1\t1',
      'q1\td1\t0x1',
      'q1\td1\t1e0',
      'q1\td1\t0.5',
      'q1\td1\t99999999999999999',
    ]) {
      write({ 'qrels/test.tsv': `${line}\n` });
      await assert.rejects(readTask(at(), 'test'), /test\.tsv:1 must hold query id, document id and a whole grade/);
    }
  });

  it("reads MS MARCO's own files: tab-separated, compressed, queries and TREC judgements for each split", async () => {
    write({
      'collection.tsv.gz': gzipSync('7\tthe "quoted passage\n8\tanother one\n'),
      'queries.dev.tsv': '1\twho?\n',
      'queries.dl19.tsv': '2\twhat?\n',
      'qrels/dev.tsv': '1 0 7 1\n',
      'qrels/dl19.tsv': '2 Q0 8 3\n2 Q0 7 -1\n',
    });
    const dl19 = await readTask(at(), 'dl19');
    assert.deepEqual(await passagesOf(dl19.corpus), [
      { id: '7', title: '', text: 'the "quoted passage' },
      { id: '8', title: '', text: 'another one' },
    ]);
    assert.deepEqual(dl19.queries, [{ id: '2', text: 'what?' }]);
    assert.deepEqual(
      dl19.qrels.get('2'),
      new Map([
        ['8', 3],
        ['7', -1],
      ]),
    );
    assert.deepEqual((await readTask(at(), 'dev')).queries, [{ id: '1', text: 'who?' }]);
  });

  it('keeps and counts judgements of documents that the corpus lacks', async () => {
    write({ 'corpus.jsonl': corpus, 'queries.jsonl': queries, 'qrels/test.tsv': 'q1\td1\t1\nq1\tgone\t2\n' });
    const task = await readTask(at(), 'test');
    assert.equal(task.qrels.get('q1')!.get('gone'), 2);
    assert.equal(countAbsent(task), 1);
  });

  it('leaves titles out where the task does, and tells the two apart by their hashes', async () => {
    write({ 'corpus.jsonl': corpus, 'queries.jsonl': queries, 'qrels/test.tsv': 'q1\td1\t1\n' });
    const [used, ignored] = [await readTask(at(), 'test'), await readTask(at(), 'test', { titles: 'ignore' })];
    assert.deepEqual(
      (await passagesOf(ignored.corpus)).map(({ title }) => title),
      ['', ''],
    );
    assert.notEqual(taskHash(used), taskHash(ignored));
    assert.equal(taskHash(used), taskHash(await readTask(at(), 'test')));
  });

  it('names the part that is damaged', async () => {
    write({ 'corpus.jsonl': `${corpus}{"_id": "d3", "te`, 'queries.jsonl': queries, 'qrels/test.tsv': 'q1\td1\t1\n' });
    await assert.rejects(
      readTask(at(), 'test'),
      /corpus\.jsonl:3 is not JSON: .*; if the file was cut short, get it again$/,
    );
    write({ 'corpus.parquet': 'PAR1 no more', 'corpus.jsonl': corpus });
    await readTask(at(), 'test'); // of two forms of one table the first in the order of names is taken
    write({
      'parquet/corpus.parquet': 'PAR1 no more',
      'parquet/queries.jsonl': queries,
      'parquet/qrels/test.tsv': 'q1\td1\t1\n',
    });
    await assert.rejects(readTask(at('parquet'), 'test'), {
      name: 'UserError',
      message: /corpus\.parquet is damaged or no Parquet file: [^\n]+$/,
    });
  });
});

describe('a corpus', () => {
  const at = useTemporaryFolder();
  const passages = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, title: '', text: `text of ${id}` }));
  const file = () => {
    writeFileSync(at('corpus.jsonl'), lines(...passages.map(({ id, text }) => ({ _id: id, text }))));
    return [at('corpus.jsonl')];
  };

  it('in files is the same as one in memory, shard by shard', async () => {
    const files = file();
    const scanned = scannedCorpus(files, { titles: 'use' }, await scanCorpus(files, { titles: 'use' }, 2));
    const held = memoryCorpus(passages, 2);
    assert.equal(scanned.hash, held.hash);
    assert.deepEqual(scanned.shards, held.shards);
    assert.deepEqual(
      scanned.shards.map(({ rows }) => rows),
      [2, 2, 1],
    );
    assert.deepEqual(await passagesOf(scanned), passages);
    const last = (shard: number) => shard === 2;
    assert.deepEqual(await passagesOf(scanned, last), passages.slice(4));
    assert.deepEqual(await passagesOf(held, last), passages.slice(4));
  });

  it('is refused when it changes between two readings', async () => {
    const files = file();
    const corpus = scannedCorpus(files, { titles: 'use' }, await scanCorpus(files, { titles: 'use' }, 2));
    for (const changed of [
      passages.map((passage) => ({ ...passage, text: `${passage.text}!` })),
      passages.slice(0, 4),
      [...passages, { id: 'f', title: '', text: '' }],
    ]) {
      writeFileSync(files[0]!, lines(...changed.map(({ id, text }) => ({ _id: id, text }))));
      await assert.rejects(passagesOf(corpus), { name: 'UserError', message: /changed while it was read; run again$/ });
    }
  });

  it('that is large is not read again until it changes', async () => {
    const text = '#'.repeat(1000);
    const rows = Array.from({ length: 33 }, (_, row) => JSON.stringify({ _id: `d${row}`, text }));
    const files = [at('corpus.jsonl')];
    writeFileSync(files[0]!, rows.join('\n'));
    utimesSync(files[0]!, 1000, 1000);
    const open = () => openCorpus(files, { titles: 'use' }, at('scans'), 1000);
    const first = await open();
    // A mark in what is kept shows that it is what answers.
    const kept = join(at('scans'), readdirSync(at('scans'))[0]!, 'scan.json');
    const scan = readFileSync(kept, 'utf8');
    writeFileSync(kept, scan.replace(first.shards[0]!.hash, '0'.repeat(64)));
    const again = await open();
    assert.equal(again.shards[0]!.hash, '0'.repeat(64));
    assert.equal(again.ids.get(32), 'd32');
    writeFileSync(kept, scan);
    // Other texts of the same size and time were once taken for the same.
    writeFileSync(files[0]!, rows.join('\n').replaceAll('#', '+'));
    utimesSync(files[0]!, 1000, 1000);
    assert.notEqual((await open()).hash, first.hash);
  });
});
