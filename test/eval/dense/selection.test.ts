import assert from 'node:assert/strict';
import { seededRandom, shuffle } from '../../../data/random.js';
import { openSelection, selectOnDevice, selectOnHost, type Selection } from '../../../eval/dense/selection.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { tensorsAlive } from '../../assertions.js';

/** Ways of choosing, each on the engine that runs. */
const ways: Record<string, (queries: number, depth: number) => Selection> = {
  'where the scores are made': openSelection,
  "by TensorFlow's TopK": selectOnDevice,
  'in JavaScript': selectOnHost,
};

describe('openSelection', () => {
  before(() => startEngine());
  const offer = (selection: Selection, firstRow: number, rows: number[][]) => {
    const scores = tf.tensor2d(rows);
    try {
      selection.offer(firstRow, scores);
    } finally {
      scores.dispose();
    }
  };

  for (const [name, open] of Object.entries(ways)) {
    it(`puts equal scores in the order of their rows, blocks in any order: ${name}`, () => {
      const selection = open(2, 3);
      offer(selection, 2, [
        [1, 5, 1],
        [-1, 0, -2],
      ]);
      offer(selection, 0, [
        [1, 1],
        [-0, -1],
      ]);
      // Rows 0 to 4 score 1, 1, 1, 5, 1 and -0, -1, -1, 0, -2.
      assert.deepEqual(
        [...selection.take()].map((hits) => hits.map(({ row, score }) => [row, score + 0])),
        [
          [
            [3, 5],
            [0, 1],
            [1, 1],
          ],
          [
            [0, 0],
            [3, 0],
            [1, -1],
          ],
        ],
      );
      selection.close();
    });

    it(`equals sorting every score, most of them tied, in blocks of odd sizes: ${name}`, () => {
      // Wider and narrower than what the operation looks through at one time, and than the depth.
      const sizes = [1, 700, 64, 3, 130, 65, 300];
      const [queries, depth, rows] = [5, 90, sizes.reduce((sum, size) => sum + size)];
      const random = seededRandom('selection', 1);
      const all = Array.from({ length: queries }, () =>
        Float32Array.from({ length: rows }, () => Math.floor(random() * 40) / 8),
      );
      let end = 0;
      const blocks = sizes.map((size) => [end, (end += size)] as const);
      const selection = open(queries, depth);
      for (const [begin, end] of shuffle([...blocks], random))
        offer(
          selection,
          begin,
          all.map((scores) => [...scores.subarray(begin, end)]),
        );
      const expected = all.map((scores) =>
        [...scores.keys()]
          .sort((one, two) => scores[two]! - scores[one]! || one - two)
          .slice(0, depth)
          .map((row) => ({ row, score: scores[row]! })),
      );
      assert.deepEqual([...selection.take()], expected);
      selection.close();
    });

    it(`gives all where there are fewer than asked for, infinite ones too: ${name}`, () => {
      const selection = open(1, 10);
      offer(selection, 7, [[-Infinity, 2, Infinity]]);
      assert.deepEqual(
        [...selection.take()].map((hits) => hits.map(({ row }) => row)),
        [[9, 8, 7]],
      );
      selection.close();
    });

    it(`names the row whose score is not a number, and leaves nothing alive: ${name}`, () => {
      const before = tensorsAlive();
      const selection = open(2, 1);
      const wide = (row: number) => Array.from({ length: 200 }, (_, at) => (at === row ? NaN : 1));
      offer(selection, 0, [[9], [9]]);
      assert.throws(() => offer(selection, 1000, [wide(-1), wide(130)]), /row 1130 is not a number$/);
      selection.close();
      assert.deepEqual(tensorsAlive(), before);
    });
  }
});
