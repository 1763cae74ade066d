import assert from 'node:assert/strict';
import { seededRandom } from '../../data/random.js';
import { searchExact } from '../../eval/search.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { tensorsAlive } from '../assertions.js';

const dimensions = 3;

/** Whole numbers from -4 to 4: every score is exact, and many are equal. */
function wholeNumbers(rows: number, name: string): Float32Array {
  const random = seededRandom('search', name);
  return Float32Array.from({ length: rows * dimensions }, () => Math.floor(random() * 9) - 4);
}

/** Score every passage, sort them all. */
function searchNaively(query: Float32Array, ids: string[], embeddings: Float32Array, depth: number) {
  const score = (row: number) => query.reduce((sum, value, i) => sum + value * embeddings[row * dimensions + i]!, 0);
  return ids
    .map((id, row) => ({ id, score: score(row) }))
    .sort((one, two) => two.score - one.score || (one.id < two.id ? 1 : -1))
    .slice(0, depth);
}

describe('searchExact', () => {
  before(() => startEngine());

  it('puts the highest inner product first, and of equal ones the higher id', () => {
    const passages = { ids: ['a', 'b', 'c', 'd'], embeddings: Float32Array.of(1, 0, 0, 1, 2, 0, 1, 9) };
    const queries = Float32Array.of(1, 0, 0, -1);
    assert.deepEqual(searchExact(queries, passages, 2, 3), [
      [
        { id: 'c', score: 2 },
        { id: 'd', score: 1 },
        { id: 'a', score: 1 },
      ],
      [
        { id: 'c', score: 0 },
        { id: 'a', score: 0 },
        { id: 'b', score: -1 },
      ],
    ]);
  });

  it('equals a naive search where passages fill several blocks and queries several batches', () => {
    // A block has 16,384 passages, a batch 256 queries.
    const ids = Array.from({ length: 2 * 16_384 + 5 }, (_, row) => `p${(row * 7919) % 40_000}`);
    const embeddings = wholeNumbers(ids.length, 'passages');
    const queries = wholeNumbers(258, 'queries');
    const rankings = searchExact(queries, { ids, embeddings }, dimensions, 50);
    assert.equal(rankings.length, 258);
    for (const query of [0, 1, 255, 256, 257]) {
      const own = queries.subarray(query * dimensions, (query + 1) * dimensions);
      assert.deepEqual(rankings[query], searchNaively(own, ids, embeddings, 50), `query ${query}`);
    }
  });

  it('gives all passages where there are fewer than asked for', () => {
    const passages = { ids: ['a', 'b'], embeddings: Float32Array.of(1, 2) };
    const [ranking] = searchExact(Float32Array.of(1), passages, 1, 100);
    assert.deepEqual(
      ranking!.map(({ id }) => id),
      ['b', 'a'],
    );
  });

  it('gives nothing for no queries, and empty rankings for no passages', () => {
    assert.deepEqual(searchExact(new Float32Array(0), { ids: ['a'], embeddings: Float32Array.of(1) }, 1, 5), []);
    assert.deepEqual(searchExact(Float32Array.of(1), { ids: [], embeddings: new Float32Array(0) }, 1, 5), [[]]);
  });

  it('leaves nothing alive', () => {
    const before = tensorsAlive();
    searchExact(wholeNumbers(3, 'queries'), { ids: ['a', 'b'], embeddings: wholeNumbers(2, 'two') }, dimensions, 1);
    assert.deepEqual(tensorsAlive(), before);
  });
});
