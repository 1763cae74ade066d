import assert from 'node:assert/strict';
import type { SourcePair } from '../../../data/demonstration/domainSource.js';
import { splitPairs } from '../../../data/demonstration/splitPairs.js';
import { seededRandom } from '../../../data/random.js';

const pair = (
  id: string,
  query: string,
  text: string,
  groups: string[] = [],
  relations: string[] = [],
): SourcePair => ({
  id,
  query,
  passage: { id, title: '', text },
  groups,
  relations,
});

const everything = { trainQueries: 100, testQueries: 0, corpus: 0 };
const nothingTrained = { trainQueries: 100, testQueries: 100, corpus: 100 };

describe('splitPairs', () => {
  it('gives one query all the passages that answer it', () => {
    const pairs = [
      pair('1', 'Closes it.', 'fs.close'),
      pair('2', 'closes it', 'net.close'),
      pair('3', 'Opens', 'fs.open'),
    ];
    const { train } = splitPairs(pairs, everything, seededRandom(1));
    const positives = new Map(train.map((example) => [example.query, example.positives.map(({ id }) => id)]));
    assert.deepEqual([...positives].sort(), [
      ['Closes it.', ['1', '2']],
      ['Opens', ['3']],
    ]);
  });

  it('takes passages that fold to the same text for one, under the first id', () => {
    const pairs = [pair('1', 'Closes it', 'fs.close()'), pair('2', 'Shuts the file', 'FS close')];
    const { test } = splitPairs(pairs, nothingTrained, seededRandom(1));
    assert.deepEqual(
      test.corpus.map(({ id }) => id),
      ['1'],
    );
    assert.deepEqual([...test.qrels].sort(), [
      ['1', new Map([['1', 1]])],
      ['2', new Map([['1', 1]])],
    ]);
  });

  it('drops a pair whose passage repeats its query, and a query with more than five answers', () => {
    const many = Array.from({ length: 6 }, (_, index) => pair(`m${index}`, 'The value', `answer ${index}`));
    const pairs = [
      ...many,
      pair('r', 'Minimum of all', 'MIN: the minimum of all numbers'),
      pair('k', 'Kept', 'answer k'),
    ];
    const { train } = splitPairs(pairs, everything, seededRandom(1));
    assert.deepEqual(
      train.map(({ id }) => id),
      ['k'],
    );
  });

  it('keeps what is linked through passages and groups on one side, whatever the seed', () => {
    // 0 and 1 share a passage, 1 and 2 a group: the three are one cluster; 3 to 8 stand alone.
    const pairs = [
      pair('0', 'query 0', 'shared'),
      pair('1', 'query 1', 'shared', ['stem']),
      pair('2', 'query 2', 'text 2', ['stem']),
      ...[3, 4, 5, 6, 7, 8].map((index) => pair(`${index}`, `query ${index}`, `text ${index}`)),
    ];
    const sides = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { train, test } = splitPairs(pairs, { trainQueries: 9, testQueries: 2, corpus: 4 }, seededRandom(seed));
      const trained = train.map(({ id }) => id).filter((id) => ['0', '1', '2'].includes(id));
      assert.ok(trained.length === 0 || trained.length === 3, `seed ${seed}: ${trained}`);
      const corpus = new Set(test.corpus.map(({ id }) => id));
      assert.ok(
        train.every(({ positives }) => positives.every(({ id }) => !corpus.has(id))),
        `seed ${seed}`,
      );
      assert.equal(test.queries.length, 2);
      sides.add(trained.length === 3 ? 'train' : 'test');
    }
    assert.deepEqual([...sides].sort(), ['test', 'train']);
  });

  it('asks at most two queries of a cluster but holds all of it out', () => {
    const pairs = [0, 1, 2, 3].map((index) => pair(`${index}`, `query ${index}`, `text ${index}`, ['one']));
    const { train, test } = splitPairs(pairs, nothingTrained, seededRandom(1));
    assert.equal(test.queries.length, 2);
    assert.equal(test.corpus.length, 4);
    assert.deepEqual(train, []);
  });

  it('takes relations of what is asked for half of the distractors', () => {
    const pairs = [
      pair('asked', 'the query', 'the answer', [], ['bank']),
      ...[0, 1, 2, 3, 4, 5].map((index) => pair(`r${index}`, `river ${index}`, `sense ${index}`, [], ['bank'])),
      ...Array.from({ length: 60 }, (_, index) => pair(`o${index}`, `other ${index}`, `text ${index}`)),
    ];
    const sizes = { trainQueries: 100, testQueries: 1, corpus: 9 };
    for (let seed = 0; seed < 200; seed++) {
      const { test } = splitPairs(pairs, sizes, seededRandom(seed));
      if (test.queries[0]?.id !== 'asked') continue;
      assert.equal(test.corpus.length, 9);
      const related = test.corpus.filter(({ id }) => id.startsWith('r')).length;
      assert.ok(related >= 4, `${related} of 8 distractors are related`);
      return;
    }
    assert.fail('no seed asked the query');
  });

  it('gives the same split for the same seed and another for another', () => {
    const pairs = Array.from({ length: 50 }, (_, index) => pair(`${index}`, `query ${index}`, `text ${index}`));
    const sizes = { trainQueries: 20, testQueries: 5, corpus: 10 };
    const split = (seed: number) => splitPairs(pairs, sizes, seededRandom(seed));
    assert.deepEqual(split(1), split(1));
    assert.notDeepEqual(split(1).test.queries, split(2).test.queries);
    assert.equal(split(1).train.length, 20);
  });
});
