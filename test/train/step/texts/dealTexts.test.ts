import assert from 'node:assert/strict';
import { lengthOf } from '../../../../model/pass/sequence.js';
import { dealTexts, partOf } from '../../../../train/step/texts/dealTexts.js';
import { textSet } from '../../../../train/step/texts/textChunks.js';

/** A set of texts of these lengths, whose tokens are their length. */
const setOf = (...lengths: number[]) =>
  textSet(
    lengths.map((length) => new Int32Array(length).fill(length)),
    lengths.map((_, index) => 10 + index),
  );

// Every deal gives the same numbers, so that no comparison of ranks with one process notices an uneven one.
describe('dealTexts', () => {
  it('gives the next longest text to the rank that has fewest tokens, over all sets', () => {
    // 5 to the first, 4 to the second, 3 to the second (7), 3 to the first (8), 2 to the second (9); then 1 to the first.
    assert.deepEqual(dealTexts([setOf(2, 5, 3, 4, 3), setOf(1)], 2), [
      [
        [0, 3],
        [1, 2, 4],
      ],
      [[0], []],
    ]);
  });

  it('leaves ranks without a text where there are too few', () => {
    assert.deepEqual(dealTexts([setOf(3)], 3), [[[0], [], []]]);
  });

  it('gives all to the only rank', () => {
    assert.deepEqual(dealTexts([setOf(1, 2, 3)], 1), [[[0, 1, 2]]]);
  });
});

describe('partOf', () => {
  it('is the texts at some places of the order, with their numbers', () => {
    // In the order of lengths: 5 (number 11), 4 (13), 2 (10).
    const { texts, numbers, order } = partOf(setOf(2, 5, 1, 4), [0, 2]);
    assert.deepEqual(
      [texts.map(lengthOf), numbers, order],
      [
        [5, 2],
        [11, 10],
        [0, 1],
      ],
    );
  });
});
