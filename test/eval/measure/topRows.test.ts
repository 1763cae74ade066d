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
