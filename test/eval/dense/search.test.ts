import assert from 'node:assert/strict';
import { seededRandom } from '../../../data/random.js';
import type { Hits } from '../../../eval/dense/selection.js';
import { openSearch } from '../../../eval/dense/search.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { tensorsAlive } from '../../assertions.js';

const dimensions = 3;

/** Whole numbers from -4 to 4: every score is exact, and many are equal. */
function wholeNumbers(rows: number, name: string): Float32Array {
  const random = seededRandom('search', name);
  return Float32Array.from({ length: rows * dimensions }, () => Math.floor(random() * 9) - 4);
}

/** Score every passage, sort them all: of equal scores the lower row first. */
function searchNaively(query: Float32Array, vectors: Float32Array, depth: number): Hits {
  const score = (row: number) => query.reduce((sum, value, at) => sum + value * vectors[row * dimensions + at]!, 0);
  return Array.from({ length: vectors.length / dimensions }, (_, row) => ({ row, score: score(row) }))
    .sort((one, two) => two.score - one.score || one.row - two.row)
    .slice(0, depth);
}

function searchAll(queries: Float32Array, vectors: Float32Array, size: number, depth: number): Hits[] {
  const search = openSearch(queries, size, depth);
  search.add(0, vectors);
  const hits = [...search.take()];
  search.close();
  return hits;
}

describe('openSearch', () => {
  before(() => startEngine());

  it('puts the highest inner product first, and of equal ones the lower row', () => {
    const hits = searchAll(Float32Array.of(1, 0, 0, -1), Float32Array.of(1, 0, 0, 1, 2, 0, 1, 9), 2, 3);
    assert.deepEqual(hits, [
      [
        { row: 2, score: 2 },
        { row: 0, score: 1 },
        { row: 3, score: 1 },
      ],
      [
        { row: 0, score: 0 },
        { row: 2, score: 0 },
        { row: 1, score: -1 },
      ],
    ]);
  });

  it('equals a naive search where passages fill several shards and blocks, and queries several batches', () => {
    // A block has 8,192 passages, a batch 256 queries.
    const vectors = wholeNumbers(3 * 8192 + 5, 'passages');
    const queries = wholeNumbers(258, 'queries');
    const search = openSearch(queries, dimensions, 50);
    const cut = 8200 * dimensions;
    search.add(0, vectors.subarray(0, cut));
    search.add(8200, vectors.subarray(cut));
    const hits = [...search.take()];
    search.close();
    assert.equal(hits.length, 258);
    for (const query of [0, 1, 255, 256, 257]) {
      const own = queries.subarray(query * dimensions, (query + 1) * dimensions);
      assert.deepEqual(hits[query], searchNaively(own, vectors, 50), `query ${query}`);
    }
  });

  it('holds its queries and their best rows alone, however many passages have passed', () => {
    const [before, queries, depth, rows] = [tf.memory().numBytes, 300, 50, 20_000];
    const search = openSearch(wholeNumbers(queries, 'queries'), dimensions, depth);
    const held: number[] = [];
    for (let piece = 0; piece < 12; piece++) {
      search.add(piece * rows, wholeNumbers(rows, `piece ${piece}`));
      held.push(tf.memory().numBytes - before);
    }
    assert.deepEqual([...new Set(held)], [held[0]]);
    // A vector a query; where the best rows lie beside it, their scores, places and number too.
    assert.ok(held[0]! <= 4 * queries * (dimensions + 2 * depth + 1), `${held[0]} bytes`);
    search.close();
  });

  it('gives all passages where there are fewer than asked for', () => {
    const [hits] = searchAll(Float32Array.of(1), Float32Array.of(1, 2), 1, 100);
    assert.deepEqual(
      hits!.map(({ row }) => row),
      [1, 0],
    );
  });

  it('gives nothing for no queries, and no hits for no passages', () => {
    assert.deepEqual(searchAll(new Float32Array(0), Float32Array.of(1), 1, 5), []);
    const search = openSearch(Float32Array.of(1), 1, 5);
    assert.deepEqual([...search.take()], [[]]);
    search.close();
  });

  it('refuses a score that is not a number', () => {
    assert.throws(() => searchAll(Float32Array.of(1), Float32Array.of(0, NaN), 1, 5), /row 1 is not a number$/);
    assert.throws(() => searchAll(Float32Array.of(1), Float32Array.of(3, 2, NaN), 1, 1), /row 2 is not a number$/);
  });

  it('leaves nothing alive', () => {
    const before = tensorsAlive();
    searchAll(wholeNumbers(3, 'queries'), wholeNumbers(2, 'two'), dimensions, 1);
    assert.deepEqual(tensorsAlive(), before);
  });
});
