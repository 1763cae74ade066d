import assert from 'node:assert/strict';
import { placesOfPiece } from '../../../data/stream/planEpoch.js';

describe('placesOfPiece', () => {
  const of = (from: number, to: number) => placesOfPiece({ source: 0, batch: 0, turn: 0, from, to }, 4, 1);

  it('keeps the order of a whole batch', () => assert.deepEqual(of(0, 4), [0, 1, 2, 3]));

  // A piece from the midst of a batch is as far from its beginning as from its end.
  it('gives the rows of a batch to the pieces of several epochs, each to one', () => {
    const pieces = [of(0, 1), of(1, 3), of(3, 4)];
    assert.deepEqual(
      pieces.map(({ length }) => length),
      [1, 2, 1],
    );
    assert.deepEqual(pieces.flat().sort(), [0, 1, 2, 3]);
  });
});
