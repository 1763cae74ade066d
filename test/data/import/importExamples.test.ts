import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { compressZstd, loadZstd } from '../../../data/arrow/message/zstd.js';
import { importExamples } from '../../../data/import/importExamples.js';
import { textId } from '../../../data/example/textId.js';
import { swatch } from '../../fixtures/swatch.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { examplesIn, idsIn, metadataOf, row, importRefused } from './imported.js';

const text = (value: string) => ({ id: '', title: '', text: value });

describe('importExamples', () => {
  const at = useTemporaryFolder();
  const refused = importRefused(() => at('out.arrow'));

  it('puts the rows of all files into one Arrow file, in order, plain or compressed whatever their names', async () => {
    await loadZstd();
    writeFileSync(at('a.jsonl'), `${row('1', ['n'])}\n\n${row('2')}\n`);
    writeFileSync(at('b.jsonl'), gzipSync(`${row('3')}\n`));
    writeFileSync(at('c.gz'), compressZstd(Buffer.from(row('4'))));
    const progress: number[] = [];
    const files = [at('a.jsonl'), at('b.jsonl'), at('c.gz')];
    const summary = await importExamples(files, at('out/train.arrow'), { onBytes: (bytes) => progress.push(bytes) });
    assert.deepEqual(
      { ...summary, sources: summary!.sources.map(({ format }) => format) },
      {
        output: at('out/train.arrow'),
        sources: ['tevatron', 'tevatron', 'tevatron'],
        rows: 4,
        rowsWithoutNegatives: 3,
        rejected: [],
        rejectsFile: null,
      },
    );
    assert.deepEqual(await idsIn(at('out/train.arrow')), ['1', '2', '3', '4']);
    assert.deepEqual(readdirSync(at('out')), ['train.arrow']);
    assert.equal(
      progress.at(-1),
      files.reduce((sum, file) => sum + statSync(file).size, 0),
    );
  });

  it('keeps in the file where its rows came from', async () => {
    writeFileSync(at('a.jsonl'), `${row('1')}\n{}\n`);
    await importExamples([at('a.jsonl')], at('a.arrow'));
    const metadata = await metadataOf(at('a.arrow'));
    const sha256 = createHash('sha256')
      .update(readFileSync(at('a.jsonl')))
      .digest('hex');
    assert.deepEqual(JSON.parse(metadata.get('tercet.sources')!), [
      { path: at('a.jsonl'), sha256, format: 'tevatron' },
    ]);
    assert.deepEqual(
      ['tercet.rows', 'tercet.rejects'].map((name) => metadata.get(name)),
      ['1', '{"query_id missing or no id":1}'],
    );
  });

  it('makes one row of each line of triples; equal queries get equal ids', async () => {
    const lines = ['q "one"\tpos\tneg', 'second ß\tp2\tn,2\r', 'q "one"\tother\tneg 3'];
    writeFileSync(at('t.tsv'), `\ufeff${lines.join('\n')}\n`);
    await importExamples([at('t.tsv')], at('t.arrow'));
    const [first, second] = ['q "one"', 'second ß'].map((query) => textId(Buffer.from(query)));
    assert.notEqual(first, second);
    assert.deepEqual(await examplesIn(at('t.arrow')), [
      { id: first, query: 'q "one"', positives: [text('pos')], negatives: [text('neg')] },
      { id: second, query: 'second ß', positives: [text('p2')], negatives: [text('n,2')] },
      { id: first, query: 'q "one"', positives: [text('other')], negatives: [text('neg 3')] },
    ]);
  });

  it('finds the texts of ids in a collection and a file of queries, compressed or not', async () => {
    writeFileSync(at('collection.tsv'), '0\tnought\n10\tten\tno\n7\tseven\n11\televen\n');
    writeFileSync(at('queries.tsv.gz'), gzipSync('3\tthree?\n1\tone?\n'));
    writeFileSync(at('ids.tsv'), '1\t7\t0\n3\t0\t11\n3\t8\t0\n2\t7\t0\n');
    const lookups = { collection: at('collection.tsv'), queries: at('queries.tsv.gz') };
    const summary = await importExamples([at('ids.tsv')], at('ids.arrow'), lookups);
    const passage = (id: string, words: string) => ({ id, title: '', text: words });
    assert.deepEqual(await examplesIn(at('ids.arrow')), [
      { id: '1', query: 'one?', positives: [passage('7', 'seven')], negatives: [passage('0', 'nought')] },
      { id: '3', query: 'three?', positives: [passage('0', 'nought')], negatives: [passage('11', 'eleven')] },
    ]);
    assert.deepEqual(
      summary!.rejected.map(({ reason, first }) => `${reason} ${first}`),
      [
        `not two columns split by a tab ${at('collection.tsv')}:2`,
        `pos with an id that is not in the collection ${at('ids.tsv')}:3`,
        `qid not among the queries ${at('ids.tsv')}:4`,
      ],
    );
    assert.deepEqual(
      readdirSync(at()).filter((name) => name.includes('import')),
      [],
    );
  });

  it('reads the training split of a folder in BEIR layout', async () => {
    mkdirSync(at('beir/qrels'), { recursive: true });
    writeFileSync(at('beir/corpus.jsonl'), '{"_id":"d1","title":"T","text":"one"}\n{"_id":"d2","text":"two"}\n');
    writeFileSync(at('beir/queries.jsonl'), '{"_id":"q1","text":"first"}\n{"_id":"q2","text":"second"}\n');
    const qrels = 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td1\t0\nq1\td2\t0\n';
    writeFileSync(at('beir/qrels/train.tsv'), qrels);
    const summary = await importExamples([at('beir')], at('b.arrow'));
    assert.deepEqual(await examplesIn(at('b.arrow')), [
      {
        id: 'q1',
        query: 'first',
        positives: [{ id: 'd1', title: 'T', text: 'one' }],
        negatives: [{ id: 'd2', title: '', text: 'two' }],
      },
    ]);
    assert.deepEqual(summary!.rejected, [
      { reason: 'no relevant document', rows: 1, first: `${at('beir/qrels/train.tsv')}:3` },
    ]);
    await refused([at('beir'), at('beir/corpus.jsonl')], /corpus.jsonl is of no format/);
    await refused(
      [at('beir'), at('beir')],
      /beir is a folder in BEIR layout, which is imported alone; leave the other files out$/,
    );
    await refused([at('beir/qrels')], /is no task in BEIR layout|has no qrels\/train.tsv/);
  });

  it('takes judgements as evaluation does: four columns too, and none for a document judged twice', async () => {
    // Of two grades the document became positive and negative at once; TREC's columns were all refused.
    mkdirSync(at('beir/qrels'), { recursive: true });
    writeFileSync(at('beir/corpus.jsonl'), '{"_id":"d1","text":"one"}\n{"_id":"d2","text":"two"}\n');
    writeFileSync(at('beir/queries.jsonl'), '{"_id":"q1","text":"first"}\n');
    writeFileSync(at('beir/qrels/train.tsv'), 'q1 0 d1 1\nq1 0 d2 1\nq1 0 d2 0\nq1 0 d1 1\n');
    const summary = await importExamples([at('beir')], at('b.arrow'));
    const [example] = await examplesIn(at('b.arrow'));
    assert.deepEqual([example!.positives.map(({ id }) => id), example!.negatives], [['d1'], []]);
    assert.deepEqual(summary!.rejected, [
      { reason: 'judges a document again, with another grade', rows: 1, first: `${at('beir/qrels/train.tsv')}:3` },
    ]);
  });

  it('refuses numbered files of which one is missing', async () => {
    writeFileSync(at('train-00000-of-00002.jsonl'), `${row('1')}\n`);
    await refused([at('train-00000-of-00002.jsonl')], /train is not whole: .* train-00001-of-00002\.jsonl is missing/);
  });

  it('keeps every digit of ids in JSON', async () => {
    writeFileSync(at('a.jsonl'), row('1').replace('"query_id":"1"', '"query_id":9007199254740993'));
    await importExamples([at('a.jsonl')], at('a.arrow'));
    assert.deepEqual(await idsIn(at('a.arrow')), ['9007199254740993']);
  });

  it('lists the rows it leaves out with file, line and reason, and counts them', async () => {
    const broken = row('2').slice(0, -1);
    writeFileSync(at('a.jsonl'), `${row('1')}\n${broken}\n{}\n${broken}\n`);
    const summary = await importExamples([at('a.jsonl')], at('train.arrow'));
    assert.equal(summary!.rows, 1);
    assert.deepEqual(summary!.rejected, [
      { reason: 'not JSON', rows: 2, first: `${at('a.jsonl')}:2` },
      { reason: 'query_id missing or no id', rows: 1, first: `${at('a.jsonl')}:3` },
    ]);
    const listed = readFileSync(summary!.rejectsFile!, 'utf8').trimEnd().split('\n');
    assert.equal(summary!.rejectsFile, at('train.arrow.rejects.jsonl'));
    assert.deepEqual(
      listed.map((line) => JSON.parse(line) as unknown),
      [
        { file: at('a.jsonl'), line: 2, reason: 'not JSON', content: broken },
        { file: at('a.jsonl'), line: 3, reason: 'query_id missing or no id', content: '{}' },
        { file: at('a.jsonl'), line: 4, reason: 'not JSON', content: broken },
      ],
    );
    writeFileSync(at('a.jsonl'), row('1'));
    await importExamples([at('a.jsonl')], at('train.arrow'));
    assert.ok(!existsSync(at('train.arrow.rejects.jsonl')), 'a list that is out of date stayed');
  });

  it('leaves no images of an earlier import behind, but a file of another kind that has their name', async () => {
    writeFileSync(at('page.png'), (await swatch(1, 2, 3, 4, 5)).bytes);
    writeFileSync(at('pages.jsonl'), '{"query": "q", "positive": {"image": "page.png"}, "negative": ["b"]}\n');
    await importExamples([at('pages.jsonl')], at('train.arrow'));
    assert.ok(existsSync(at('train.images.arrow')));
    writeFileSync(at('texts.jsonl'), '{"query": "q", "positive": "a", "negative": ["b"]}\n');
    await importExamples([at('texts.jsonl')], at('train.arrow'));
    assert.ok(!existsSync(at('train.images.arrow')));
    await importExamples([at('texts.jsonl')], at('train.images.arrow'));
    await importExamples([at('texts.jsonl')], at('train.arrow'));
    assert.ok(existsSync(at('train.images.arrow')), 'it holds rows');
  });

  // The names of columns became a row, in which "positive" answers "query".
  it('rejects a first line that names the columns of triples', async () => {
    writeFileSync(at('headed.tsv'), 'Query\tpositive\tnegative\nq\tp\tn\nquery\tpositive\tnegative\n');
    const summary = await importExamples([at('headed.tsv')], at('out.arrow'));
    assert.deepEqual(
      summary!.rejected.map(({ reason, rows, first }) => [reason, rows, first.split(':')[1]]),
      [['the names of columns', 1, '1']],
    );
    assert.equal(summary!.rows, 2);
  });

  // In JSON and Arrow a blank negative was none; a triple with one was rejected.
  it('takes a triple whose negative is blank as one without negatives', async () => {
    writeFileSync(at('t.tsv'), 'q\tp\tn\nq2\tp2\t\nq3\tp3\t \u3000\n');
    const summary = (await importExamples([at('t.tsv')], at('t.arrow'), { format: 'triples' }))!;
    assert.deepEqual([summary.rows, summary.rowsWithoutNegatives, summary.rejected], [3, 2, []]);
    const lines = ['q', 'q2', 'q3'].map((query, row) => ({
      anchor: query,
      positive: ['p', 'p2', 'p3'][row],
      negative: ['n', '', ' \u3000'][row],
    }));
    writeFileSync(at('t.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
    await importExamples([at('t.jsonl')], at('j.arrow'));
    assert.deepEqual(await examplesIn(at('t.arrow')), await examplesIn(at('j.arrow')));
  });

  it('rejects what is no text: bytes that are not UTF-8, NUL bytes, half surrogate pairs, wrong columns', async () => {
    const lines = ['q\tp\tn', 'q\tp', 'q\tp\tn\tx', 'q\t \tn', 'q\t\u3000\tn', 'q\tp\0\tn'].map((line) =>
      Buffer.from(line),
    );
    lines.push(Buffer.from([0x71, 9, 0xff, 9, 0x6e]));
    const withEnds = lines.flatMap((line) => [line, Buffer.from('\n')]);
    writeFileSync(at('t.tsv'), Buffer.concat([...withEnds, Buffer.from('last\tp\tn')]));
    const { rows, rejected } = (await importExamples([at('t.tsv')], at('t.arrow'), { format: 'triples' }))!;
    assert.equal(rows, 2);
    assert.deepEqual(
      rejected.map(({ reason, rows, first }) => [reason, rows, first.split(':')[1]]),
      [
        ['not three columns split by tabs', 2, '2'],
        ['positive empty', 2, '4'],
        ['a NUL byte, which no text holds', 1, '6'],
        ['not UTF-8', 1, '7'],
      ],
    );
    writeFileSync(at('a.jsonl'), `${row('1')}\n${row('2').replace('query 2', 'query \\ud800 2')}\n`);
    const jsonl = (await importExamples([at('a.jsonl')], at('a.arrow')))!;
    assert.match(jsonl.rejected[0]!.reason, /half of a surrogate pair/);
  });

  it('stops at the row that is one too many, keeps the older output and lists what it saw', async () => {
    writeFileSync(at('out.arrow'), 'older');
    writeFileSync(at('a.jsonl'), `${row('1')}\n{}\n{}\n{}\n`);
    await refused(
      [at('a.jsonl')],
      /^2 rows cannot be used, more than the 1 rows that --max-rejects allows; .*rejects.jsonl/,
      {
        maxRejects: { rows: 1 },
      },
    );
    assert.equal(readFileSync(at('out.arrow'), 'utf8'), 'older');
    assert.equal(readFileSync(at('out.arrow.rejects.jsonl'), 'utf8').trimEnd().split('\n').length, 2);
    assert.deepEqual(readdirSync(at()).sort(), ['a.jsonl', 'out.arrow', 'out.arrow.rejects.jsonl']);
    await refused([at('a.jsonl')], /^3 of 4 rows cannot be used, more than the 74 % that/, {
      maxRejects: { share: 0.74 },
    });
    assert.equal((await importExamples([at('a.jsonl')], at('out.arrow'), { maxRejects: { share: 0.75 } }))!.rows, 1);
  });

  it('refuses input without a usable row', async () => {
    writeFileSync(at('empty.jsonl'), '\n');
    await refused([at('empty.jsonl')], /cannot be imported: it is empty/);
    writeFileSync(at('other.jsonl'), '{"query_id": 1, "positive_passages": []}\n');
    await refused(
      [at('other.jsonl')],
      /as tevatron: every row is left out, the first, .*other\.jsonl:1, for: query missing/,
    );
    assert.ok(!existsSync(at('out.arrow')));
  });

  it('leaves no output when an input is missing, unreadable or damaged', async () => {
    writeFileSync(at('a.jsonl'), `${row('1')}\n`.repeat(3000));
    await refused([at('a.jsonl'), at('absent')], /cannot read .*absent: it does not exist/);
    const whole = gzipSync(Array.from({ length: 9000 }, (_, id) => `${row(`${id}`)}\n`).join(''));
    writeFileSync(at('cut.gz'), whole.subarray(0, whole.length - 40));
    await refused([at('a.jsonl'), at('cut.gz')], /cut\.gz is damaged or cut short/);
    writeFileSync(at('longer.gz'), Buffer.concat([whole, Buffer.from('more')]));
    await refused([at('longer.gz')], /longer\.gz is damaged or cut short/);
    await loadZstd();
    const zstd = compressZstd(Buffer.from(Array.from({ length: 9000 }, (_, id) => `${row(`${id}`)}\n`).join('')));
    writeFileSync(at('cut.zst'), zstd.subarray(0, zstd.length - 1000));
    await refused([at('cut.zst')], /cut\.zst is damaged or cut short/);
    assert.deepEqual(readdirSync(at()).sort(), ['a.jsonl', 'cut.gz', 'cut.zst', 'longer.gz']);
  });

  it('refuses names that do not help: a folder as output, lookups that no row needs or that a row lacks', async () => {
    writeFileSync(at('a.jsonl'), `${row('1')}\n`);
    await refused([at('a.jsonl')], /--collection has no effect on tevatron/, { collection: at('a.jsonl') });
    writeFileSync(at('ids.tsv'), '1\t2\t3\n');
    await refused([at('ids.tsv')], /the rows of id-triples hold ids of passages; name their file with --collection/);
    writeFileSync(at('twice.tsv'), '1\ta\n2\tb\n1\tc\n');
    const twice = { collection: at('twice.tsv'), queries: at('twice.tsv') };
    await refused([at('ids.tsv')], /twice\.tsv:3 repeats the id 1/, twice);
    mkdirSync(at('out.arrow'));
    await refused([at('a.jsonl')], /out\.arrow: it is a folder/);
  });
});
