import assert from 'node:assert/strict';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import {
  addRowGradients,
  hasInserted,
  mergeRowGradients,
  type RowGradients,
} from '../../../model/pass/rowGradients.js';

describe('addRowGradients', () => {
  before(() => startEngine());
  const [shared, other] = [Float32Array.of(0, 0, 0, 0), Float32Array.of(0, 0)]; // two rows and one
  const ids = (length: number) => new Int32Array(length);
  const sequences = [
    { ids: ids(3), inserted: [{ at: 1, values: shared }] },
    ids(1),
    {
      ids: ids(3),
      inserted: [
        { at: 0, values: shared },
        { at: 2, values: other },
      ],
    },
  ];
  const rows = (count: number) =>
    tf.tensor2d(
      Array.from({ length: 2 * count }, (_, at) => at),
      [count, 2],
    );

  it('sums over all sequences that rows stand in, one behind the other', () => {
    const into: RowGradients = new Map([[other, Float32Array.of(100, 200)]]);
    const dInput = rows(7);
    addRowGradients(dInput, sequences, undefined, into);
    // Places 1 and 2 of the first, 4 and 5 for the third.
    assert.deepEqual([...into.get(shared)!], [2 + 8, 3 + 9, 4 + 10, 5 + 11]);
    assert.deepEqual([...into.get(other)!], [100 + 12, 200 + 13]);
    dInput.dispose();
  });

  it('finds them where all sequences are padded to as many places', () => {
    const into: RowGradients = new Map();
    const dInput = rows(9);
    addRowGradients(dInput, sequences, 3, into);
    assert.deepEqual([...into.get(shared)!], [2 + 12, 3 + 13, 4 + 14, 5 + 15]);
    assert.deepEqual([...into.get(other)!], [16, 17]);
    dInput.dispose();
    mergeRowGradients(new Map([[other, Float32Array.of(1, 1)]]), into);
    assert.deepEqual([...into.get(other)!], [17, 18]);
  });

  it('is asked for sequences with rows alone', () => {
    assert.deepEqual(sequences.map(hasInserted), [true, false, true]);
  });
});
