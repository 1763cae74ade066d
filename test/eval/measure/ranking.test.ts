import assert from 'node:assert/strict';
import { compareBytes, inTrecOrder } from '../../../eval/measure/ranking.js';

const ids = (ranking: { id: string }[]) => ranking.map(({ id }) => id);

describe('inTrecOrder', () => {
  it('orders ties by the bytes of their ids, descending', () => {
    // As UTF-16 the astral character, a pair of surrogates, would stand below U+FF5E; as UTF-8 it stands above.
    const ranking = ['\uff5e', '\u{1f600}', 'a', '10', '9'].map((id) => ({ id, score: 1 }));
    assert.deepEqual(ids(inTrecOrder(ranking)), ['\u{1f600}', '\uff5e', 'a', '9', '10']);
    assert.ok(compareBytes('\uff5e', '\u{1f600}') < 0);
  });
});
