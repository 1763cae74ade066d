import assert from 'node:assert/strict';
import { UserError } from '../../../configs/userError.js';
import type { Example, ExamplePassage, Passage } from '../../../data/example/example.js';
import { countOf, onceEach } from '../../../data/stream/candidateCounts.js';
import { composePool } from '../../../data/stream/pool.js';

const passage = (id: string, text = id): Passage => ({ id, title: '', text });
const row = (id: string, positives: Passage[], negatives: Passage[], query = `query ${id}`): Example => ({
  id,
  query,
  positives,
  negatives,
});
/** Rows as they come from the stream, in the middle of an epoch. */
const inEpoch = (epoch: number, ...examples: Example[]) =>
  examples.map((example, index) => ({
    example,
    origin: { source: 0, row: index },
    turn: epoch,
    next: { epoch, window: 3, row: index + 1 },
  }));
const options = { passagesPerQuery: 2, seed: 1, maskRelevant: true };
/** counts as rows of a table, by passage text. */
function table(pool: ReturnType<typeof composePool>): Record<string, number>[] {
  return pool.queries.map((_, query) =>
    Object.fromEntries(pool.passages.map(({ text }, p) => [text, countOf(pool.counts, query, p)])),
  );
}

describe('composePool', () => {
  it('makes every passage a candidate of every query', () => {
    const pool = composePool(
      inEpoch(0, row('1', [passage('a')], [passage('b')]), row('2', [passage('c')], [passage('d')])),
      options,
    );
    assert.deepEqual(pool.queries, [{ text: 'query 1' }, { text: 'query 2' }]);
    assert.deepEqual(
      pool.passages,
      ['a', 'b', 'c', 'd'].map((text) => ({ title: '', text })),
    );
    assert.deepEqual(pool.targets, [0, 2]);
    assert.deepEqual(pool.counts, onceEach(2, 4));
    assert.deepEqual(pool.masked, { byId: 0, byText: 0 });
    assert.deepEqual(pool.origins, {
      queries: [
        { source: 0, row: 0 },
        { source: 0, row: 1 },
      ],
      passages: [
        { source: 0, row: 0, passage: 0 },
        { source: 0, row: 0, passage: 1 },
        { source: 0, row: 1, passage: 0 },
        { source: 0, row: 1, passage: 1 },
      ],
    });
    assert.deepEqual(pool.next, { epoch: 0, window: 3, row: 2 });
  });

  it('tells passages and queries apart by their images, and masks a page that is relevant whatever text it comes with', () => {
    const page = (id: string, image: string, text = ''): ExamplePassage => ({ ...passage(id, text), images: [image] });
    const rows = inEpoch(
      0,
      { ...row('1', [page('', 'A')], [page('', 'B')], ''), queryImages: ['X'] },
      { ...row('2', [page('', 'C')], [page('', 'A', 'its words')], ''), queryImages: ['Y'] },
    );
    const pool = composePool(rows, options);
    assert.deepEqual(pool.queries, [
      { text: '', images: ['X'] },
      { text: '', images: ['Y'] },
    ]);
    assert.deepEqual(
      pool.passages.map(({ text, images }) => [text, ...images!]),
      [
        ['', 'A'],
        ['', 'B'],
        ['', 'C'],
        ['its words', 'A'],
      ],
    );
    // The first query knows page A; the second, which is another query with as little text, does not.
    const counts = [0, 1].map((query) => pool.passages.map((_, p) => countOf(pool.counts, query, p)));
    assert.deepEqual(counts, [
      [1, 1, 1, 0],
      [1, 1, 1, 1],
    ]);
    assert.deepEqual(pool.masked, { byId: 0, byText: 1 });
  });

  it('lists a passage that stands in the pool twice once, and counts it twice', () => {
    const rows = inEpoch(0, row('1', [passage('a')], [passage('x')]), row('2', [passage('b')], [passage('x')]));
    const pool = composePool(rows, options);
    assert.deepEqual(table(pool), [
      { a: 1, x: 2, b: 1 },
      { a: 1, x: 2, b: 1 },
    ]);
  });

  it("counts a query's own target as often as it stands there without masking, once with it", () => {
    // Columns: a, b (row 1), a, c (row 2): both rows have the target a.
    const rows = inEpoch(0, row('1', [passage('a')], [passage('b')]), row('2', [passage('a')], [passage('c')]));
    const unmasked = composePool(rows, { ...options, maskRelevant: false });
    assert.deepEqual(table(unmasked), [
      { a: 2, b: 1, c: 1 },
      { a: 2, b: 1, c: 1 },
    ]);
    assert.deepEqual([unmasked.masked, unmasked.targets], [{ byId: 0, byText: 0 }, [0, 0]]);
    const masked = composePool(rows, options);
    assert.deepEqual(table(masked), [
      { a: 1, b: 1, c: 1 },
      { a: 1, b: 1, c: 1 },
    ]);
    assert.deepEqual(masked.masked, { byId: 2, byText: 0 }); // the other row's column of a, once for each query
  });

  it('leaves out every other known positive, also of rows with the same query id or text', () => {
    const rows = inEpoch(
      0,
      row('1', [passage('a')], [passage('n')], 'same text'),
      row('2', [passage('b')], [passage('m')], 'same text'),
      row('1', [passage('c')], [passage('a')], 'third'), // the target of the first row as a negative
    );
    const pool = composePool(rows, options);
    // Columns: a n | b m | c a. Rows 1 and 2 share a text, rows 1 and 3 an id.
    assert.deepEqual(table(pool), [
      { a: 1, n: 1, b: 0, m: 1, c: 0 }, // knows a, b, c: of the two columns of a its own target stays
      { a: 0, n: 1, b: 1, m: 1, c: 1 }, // knows a, b
      { a: 0, n: 1, b: 1, m: 1, c: 1 }, // knows a, c
    ]);
    assert.deepEqual(pool.masked, { byId: 3 + 2 + 2, byText: 0 });
  });

  it('leaves out a copy of the target that has another id', () => {
    const rows = inEpoch(0, row('1', [passage('a')], [passage('copy', 'a')]), row('2', [passage('b')], [passage('n')]));
    const pool = composePool(rows, options);
    assert.deepEqual(table(pool), [
      { a: 1, b: 1, n: 1 },
      { a: 2, b: 1, n: 1 },
    ]);
    assert.deepEqual(pool.masked, { byId: 0, byText: 1 });
    assert.deepEqual(table(composePool(rows, { ...options, maskRelevant: false }))[0], { a: 2, b: 1, n: 1 });
  });

  it('tells passages with the same text and different titles apart', () => {
    const titled = { id: 't', title: 'T', text: 'a' };
    const pool = composePool(inEpoch(0, row('1', [passage('p', 'a')], [titled])), options);
    assert.deepEqual(pool.passages, [
      { title: '', text: 'a' },
      { title: 'T', text: 'a' },
    ]);
    assert.deepEqual(pool.counts, onceEach(1, 2));
  });

  it('does not take passages without ids for one another', () => {
    const rows = inEpoch(0, row('1', [passage('', 'a')], [passage('', 'b')]));
    assert.deepEqual(composePool(rows, options).counts, onceEach(1, 2));
  });

  it('lets positives take turns over the epochs', () => {
    const positives = ['a', 'b', 'c'].map((id) => passage(id));
    const chosen = [0, 1, 2, 3].map((epoch) => {
      const pool = composePool(inEpoch(epoch, row('1', positives, [passage('n')])), options);
      return pool.passages[pool.targets[0]!]!.text;
    });
    assert.deepEqual([...new Set(chosen.slice(0, 3))].sort(), ['a', 'b', 'c']);
    assert.equal(chosen[3], chosen[0]);
  });

  it('uses every negative before one comes again', () => {
    const negatives = ['1', '2', '3', '4', '5', '6'].map((id) => passage(id));
    const chosen = [0, 1, 2, 3].map((epoch) => {
      const pool = composePool(inEpoch(epoch, row('q', [passage('a')], negatives)), {
        ...options,
        passagesPerQuery: 3,
      });
      return pool.passages.slice(1).map(({ text }) => text);
    });
    assert.deepEqual(chosen.slice(0, 3).flat().sort(), ['1', '2', '3', '4', '5', '6']);
    assert.deepEqual(chosen[3], chosen[0]);
    assert.notDeepEqual(chosen.slice(0, 3).flat(), ['1', '2', '3', '4', '5', '6']);
  });

  it('repeats negatives where there are too few, so that every query brings as many passages', () => {
    const rows = inEpoch(0, row('1', [passage('a')], [passage('x'), passage('y')]));
    const pool = composePool(rows, { ...options, passagesPerQuery: 6 });
    const [counts] = table(pool);
    assert.equal(counts!['a'], 1);
    assert.deepEqual([counts!['x']!, counts!['y']!].sort(), [2, 3]);
  });

  it('depends on seed, query id and epoch, not on the place in the pool', () => {
    const negatives = Array.from({ length: 20 }, (_, index) => passage(`${index}`));
    const one = row('1', [passage('a')], negatives);
    const other = row('2', [passage('b')], negatives);
    const texts = (pool: ReturnType<typeof composePool>) => pool.passages.map(({ text }) => text);
    const alone = composePool(inEpoch(0, one), { ...options, passagesPerQuery: 4 });
    const second = composePool(inEpoch(0, other, one), { ...options, passagesPerQuery: 4 });
    assert.ok(texts(alone).every((text) => texts(second).includes(text)));
    assert.notDeepEqual(
      texts(alone),
      texts(composePool(inEpoch(0, one), { ...options, passagesPerQuery: 4, seed: 2 })),
    );
    assert.notDeepEqual(
      texts(alone).slice(1),
      texts(composePool(inEpoch(0, other), { ...options, passagesPerQuery: 4 })).slice(1),
    );
  });

  it('takes equal ids of two files for different passages and queries, equal texts for the same', () => {
    const one = row('1', [passage('7', 'a')], [passage('8', 'b')], 'first');
    const other = row('1', [passage('8', 'c')], [passage('7', 'd')], 'second');
    const twin = row('9', [passage('x', 'a')], [passage('y', 'e')], 'third');
    const placed = inEpoch(0, one, other, twin).map((each, source) => ({ ...each, origin: { source, row: 0 } }));
    const pool = composePool(placed, options);
    // Columns: a b | c d | a e. The first and the third query have the text a as their positive.
    assert.deepEqual(table(pool), [
      { a: 1, b: 1, c: 1, d: 1, e: 1 },
      { a: 2, b: 1, c: 1, d: 1, e: 1 },
      { a: 1, b: 1, c: 1, d: 1, e: 1 },
    ]);
    assert.deepEqual(pool.masked, { byId: 0, byText: 2 });
  });

  it('needs no negatives of a row where the other queries bring them', () => {
    const pool = composePool(inEpoch(0, row('1', [passage('a')], []), row('2', [passage('b')], [passage('c')])), {
      ...options,
      passagesPerQuery: 1,
    });
    assert.deepEqual(table(pool), [
      { a: 1, b: 1 },
      { a: 1, b: 1 },
    ]);
    assert.deepEqual(pool.targets, [0, 1]);
  });

  it('names the query that has no negatives and the remedy', () => {
    assert.throws(
      () => composePool(inEpoch(0, row('17', [passage('a')], [], 'what is it')), options),
      new UserError('query 17 (what is it) has no negatives; `npm run data -- mine` finds some for every query'),
    );
  });
});
