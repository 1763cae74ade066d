import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Passage } from '../../../data/example/example.js';
import { seededRandom } from '../../../data/random.js';
import { memoryCorpus } from '../../../data/task/corpus.js';
import type { RetrievalTask } from '../../../data/task/readTask.js';
import { bm25Searcher, buildBm25Index } from '../../../eval/bm25/index.js';
import { bm25Retriever, type Bm25Options } from '../../../eval/bm25/retriever.js';
import { ensureBm25Index } from '../../../eval/bm25/store.js';
import type { Ranking } from '../../../eval/measure/ranking.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const passage = (id: string, text: string, title = ''): Passage => ({ id, title, text });
/** Scores are rounded to 1e-4, and ties are told apart by steps of 1e-6. */
const rounding = 5.5e-5;
const closeTo = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < rounding, `${actual}`);

function taskOf(corpus: Passage[], texts: string[]): RetrievalTask {
  const queries = texts.map((text, index) => ({ id: `q${index + 1}`, text }));
  return { corpus: memoryCorpus(corpus, 7), queries, qrels: new Map() };
}

describe('bm25Retriever', () => {
  const place = useTemporaryFolder();
  const retriever = (options: Partial<Bm25Options> = {}) => bm25Retriever({ root: place('bm25'), ...options });
  const rankings = async (task: RetrievalTask, depth: number, options?: Partial<Bm25Options>): Promise<Ranking[]> => [
    ...new Map(await retriever(options).retrieve(task, depth)).values(),
  ];

  it('finds passages far apart, and words that one holds many times', async () => {
    // Gaps of 127, 128, 16,383 and 16,384 rows end and begin a length of the kept numbers; so do occurrences.
    const rows = [0, 127, 255, 16_638, 33_022];
    const texts = new Map(rows.map((row, index) => [row, 'owl '.repeat([1, 127, 128, 200, 300][index]!)]));
    const corpus = Array.from({ length: 33_023 }, (_, row) => passage(`${row}`, texts.get(row) ?? 'tree'));
    const [found] = await rankings(taskOf(corpus, ['owl']), 10);
    const expected = bm25Searcher(buildBm25Index(corpus), 10)('owl');
    assert.deepEqual(
      found!.map(({ id }) => id),
      expected.map(({ row }) => `${row}`),
    );
    assert.deepEqual(
      found!.map(({ id }) => Number(id)).sort((one, other) => one - other),
      rows,
    );
    found!.forEach(({ score }, place) => closeTo(score, expected[place]!.score));
  });

  it('answers every query, with an empty ranking where nothing matches', async () => {
    const told: number[] = [];
    const task = taskOf([passage('a', 'red apple'), passage('b', 'green pear')], ['pears', 'plum']);
    const run = await retriever().retrieve(task, 10, (done, all) => told.push(done / all));
    assert.deepEqual(
      [...run].map(([id, ranking]) => [id, ranking.map((found) => found.id)]),
      [
        ['q1', ['b']],
        ['q2', []],
      ],
    );
    assert.deepEqual(told, [0.5, 0.75, 1]);
  });

  it('is named with all that its scores depend on', () => {
    assert.equal(retriever({ k1: 1.2, b: 0.75 }).name, 'bm25 k1=1.2 b=0.75 fields=flat lucene-english');
    assert.notEqual(retriever({ k1: 1.2 }).identity, retriever().identity);
    assert.notEqual(retriever({ fields: 'multifield' }).identity, retriever().identity);
  });

  it('keeps the order of ties that Anserini has, the lower id first, in scores that trec_eval orders so', async () => {
    const same = ['d1', 'd3', 'd2', 'd10'].map((id) => passage(id, 'same words'));
    const [ranking] = await rankings(taskOf(same, ['word']), 4);
    assert.deepEqual(
      ranking!.map(({ id }) => id),
      ['d1', 'd10', 'd2', 'd3'],
    );
    ranking!.slice(1).forEach(({ score }, index) => {
      assert.ok(Math.fround(score) < Math.fround(ranking![index]!.score));
      assert.equal(score.toFixed(6), (ranking![0]!.score - 1e-6 * (index + 1)).toFixed(6));
    });
  });

  it('adds the scores of title and text where they are fields of their own', async () => {
    const corpus = [passage('a', 'cat', 'cat cat'), passage('b', 'dog dog cat', 'bird'), passage('c', 'dog')];
    const [ranking] = await rankings(taskOf(corpus, ['cat']), 5, { k1: 0.9, b: 0.4, fields: 'multifield' });
    // Titles: 2 documents with a mean of 1.5, one has cat: idf ln(1 + 1.5 / 1.5). Texts: 3 with a mean of 5 / 3, two: ln 1.6.
    const title = (Math.log(2) * 2) / (2 + 0.9 * (0.6 + (0.4 * 2) / 1.5));
    const text = (length: number) => Math.log(1.6) / (1 + 0.9 * (0.6 + (0.4 * length) / (5 / 3)));
    assert.deepEqual(
      ranking!.map(({ id }) => id),
      ['a', 'b'],
    );
    closeTo(ranking![0]!.score, title + text(1));
    closeTo(ranking![1]!.score, text(3));
  });

  it('gives the scores of the index in memory, whatever the number of runs it was merged from', async () => {
    const random = seededRandom('bm25', 1);
    const word = () => `w${Math.floor(random() ** 3 * 200)}`;
    const words = (most: number) => Array.from({ length: Math.floor(random() * most) }, word).join(' ');
    const corpus = Array.from({ length: 100 }, (_, row) => passage(`d${row}`, words(300), words(5)));
    const texts = Array.from({ length: 40 }, () => words(12));
    const task = taskOf(corpus, texts);
    const search = bm25Searcher(buildBm25Index(corpus), 100);
    for (const runPostings of [500, 8_000_000]) {
      const root = place(`runs-${runPostings}`);
      await ensureBm25Index(root, task.corpus, 'flat', () => {}, runPostings);
      const found = await rankings(task, 100, { root });
      texts.forEach((text, query) => {
        const expected = new Map(search(text).map(({ row, score }) => [corpus[row]!.id, score]));
        assert.equal(found[query]!.length, expected.size);
        for (const { id, score } of found[query]!)
          assert.ok(Math.abs(score - expected.get(id)!) < rounding + corpus.length * 1e-6, `${text} ${id}`);
      });
    }
  });

  it('builds an index once, and another for another corpus', async () => {
    const task = taskOf([passage('a', 'red apple')], ['apple']);
    await rankings(task, 1);
    const [folder] = readdirSync(place('bm25'));
    const files = readdirSync(join(place('bm25'), folder!)).sort();
    assert.deepEqual(files, [
      'about.json',
      'contents.json',
      'contents.lengths',
      'contents.postings',
      'contents.table',
      'contents.terms',
    ]);
    const never = { ...task.corpus, read: () => assert.fail('read again') };
    await rankings({ ...task, corpus: never }, 1, { k1: 2 });
    await rankings(taskOf([passage('a', 'red apples')], ['apple']), 1);
    assert.equal(readdirSync(place('bm25')).length, 2);
  });

  it('leaves no index behind when the corpus cannot be read', async () => {
    const corpus = memoryCorpus([passage('a', 'red apple')]);
    const broken = {
      ...corpus,
      async *read() {
        yield* corpus.read();
        throw new Error('cut short');
      },
    };
    const task = { corpus: broken, queries: [], qrels: new Map() };
    await assert.rejects(retriever().retrieve(task, 1), /cut short/);
    assert.deepEqual(readdirSync(place('bm25')), []);
  });
});
