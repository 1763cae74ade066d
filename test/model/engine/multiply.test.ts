import { multiply, multiplyBatch } from '../../../model/engine/multiply.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { assertClose, assertTensorsKept } from '../../assertions.js';

const ways = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;
const name = ([transposeA, transposeB]: readonly [boolean, boolean]) =>
  `${transposeA ? 'aᵀ' : 'a'} ${transposeB ? 'bᵀ' : 'b'}`;

// [1 2 3; 4 5 6] times [1 0; 0 1; 2 -1]
const a = [1, 2, 3, 4, 5, 6];
const aTransposed = [1, 4, 2, 5, 3, 6];
const b = [1, 0, 0, 1, 2, -1];
const bTransposed = [1, 0, 2, 0, 1, -1];
const product = [7, -1, 16, -1];

describe('multiply', () => {
  before(() => startEngine());

  for (const way of ways) {
    const [transposeA, transposeB] = way;
    const left = () => (transposeA ? tf.tensor2d(aTransposed, [3, 2]) : tf.tensor2d(a, [2, 3]));
    const right = () => (transposeB ? tf.tensor2d(bTransposed, [2, 3]) : tf.tensor2d(b, [3, 2]));

    it(`gives ${name(way)} and leaves it alone alive`, () => {
      assertClose(multiply(left(), right(), transposeA, transposeB), product, 1e-6);
      const [one, two] = [left(), right()];
      assertTensorsKept(1, () => multiply(one, two, transposeA, transposeB));
    });
  }
});

describe('multiplyBatch', () => {
  before(() => startEngine());

  for (const way of ways) {
    const [transposeA, transposeB] = way;
    const negative = (values: number[]) => values.map((value) => -value);
    // The second matrix of the batch is the first one negated, on the left alone.
    const left = () => {
      const values = transposeA ? aTransposed : a;
      return tf.tensor3d([...values, ...negative(values)], transposeA ? [2, 3, 2] : [2, 2, 3]);
    };
    const right = () => {
      const values = transposeB ? bTransposed : b;
      return tf.tensor3d([...values, ...values], transposeB ? [2, 2, 3] : [2, 3, 2]);
    };

    it(`gives ${name(way)} of each row and leaves it alone alive`, () => {
      assertClose(multiplyBatch(left(), right(), transposeA, transposeB), [...product, ...negative(product)], 1e-6);
      const [one, two] = [left(), right()];
      assertTensorsKept(1, () => multiplyBatch(one, two, transposeA, transposeB));
    });
  }
});
