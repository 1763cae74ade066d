import assert from 'node:assert/strict';
import { seededRandom } from '../../../data/random.js';
import { topRows } from '../../../eval/measure/topRows.js';

describe('topRows', () => {
  it('keeps what sorting everything would put first, many ties included', () => {
    const random = seededRandom('topRows', 1);
    const scores = Array.from({ length: 500 }, () => Math.floor(random() * 40));
    const top = topRows(60);
    scores.forEach((score, row) => top.offer(row, score));
    const sorted = [...scores.keys()].sort((one, two) => scores[two]! - scores[one]! || one - two);
    assert.deepEqual(
      top.take().map(({ row }) => row),
      sorted.slice(0, 60),
    );
  });

  it('takes rows in a block until it has enough, and from then on better ones alone', () => {
    const top = topRows(3);
    // From place 1 up to 6: rows 10 to 14 with 5, 2, 1, 0, 4. The first three are taken as they come; 0 is not, 4 puts 1 out.
    top.offerAll(10, Float32Array.of(9, 5, 2, 1, 0, 4, 9), 1, 6);
    assert.deepEqual(top.take(), [
      { row: 10, score: 5 },
      { row: 14, score: 4 },
      { row: 11, score: 2 },
    ]);
  });

  it('refuses a score that is not a number, and names its row', () => {
    assert.throws(
      () => topRows(1).offerAll(10, Float32Array.of(9, 5, NaN), 1, 3),
      /the score of row 11 is not a number/,
    );
  });

  it('forgets what it gave out', () => {
    const top = topRows(2);
    top.offer(0, 5);
    assert.deepEqual(top.take(), [{ row: 0, score: 5 }]);
    top.offer(2, 1);
    assert.deepEqual(top.take(), [{ row: 2, score: 1 }]);
  });

  it('keeps nothing at depth 0', () => {
    const top = topRows(0);
    top.offer(0, 1);
    assert.deepEqual(top.take(), []);
  });
});
