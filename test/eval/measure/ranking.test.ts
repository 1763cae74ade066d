import assert from 'node:assert/strict';
import { compareBytes, inTrecOrder, lowerIdFirst } from '../../../eval/measure/ranking.js';

const ids = (ranking: { id: string }[]) => ranking.map(({ id }) => id);

describe('inTrecOrder', () => {
  it('orders ties by the bytes of their ids, descending', () => {
    // As UTF-16 the astral character, a pair of surrogates, would stand below U+FF5E; as UTF-8 it stands above.
    const ranking = ['\uff5e', '\u{1f600}', 'a', '10', '9'].map((id) => ({ id, score: 1 }));
    assert.deepEqual(ids(inTrecOrder(ranking)), ['\u{1f600}', '\uff5e', 'a', '9', '10']);
    assert.ok(compareBytes('\uff5e', '\u{1f600}') < 0);
  });
});

describe('lowerIdFirst', () => {
  it('keeps every order in scores that 32-bit floats tell apart', () => {
    const next = Math.fround(1 + 2 ** -23);
    const ranking = [
      { id: 'd', score: 1 },
      { id: 'b', score: next },
      { id: 'c', score: next },
      { id: 'a', score: next },
      { id: 'z', score: 0 },
      { id: 'y', score: 0 },
    ];
    const ordered = lowerIdFirst(ranking);
    assert.deepEqual(ids(ordered), ['a', 'b', 'c', 'd', 'y', 'z']);
    assert.deepEqual(ids(inTrecOrder(ordered)), ids(ordered));
    assert.deepEqual(ordered[0], { id: 'a', score: next });
    assert.ok(ordered[3]!.score < 1 && ordered[3]!.score > 1 - 2 ** -20);
  });
});
