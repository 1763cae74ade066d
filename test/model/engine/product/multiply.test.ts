import { multiply, multiplyBatch } from '../../../../model/engine/product/multiply.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import { assertClose, assertTensorsKept, randomTensor } from '../../../assertions.js';

const ways = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;
const nameOf = (transposeA: boolean, transposeB: boolean) => `${transposeA ? 'aᵀ' : 'a'} ${transposeB ? 'bᵀ' : 'b'}`;

/** Rows, inner size, columns: like factors, a small first or second one, single rows and columns. */
const sizes = [
  [2, 3, 2],
  [1, 7, 9],
  [9, 7, 1],
  [2, 5, 8],
  [8, 5, 2],
  [3, 1, 4],
] as const;

describe('multiply', () => {
  before(() => startEngine());

  it('multiplies matrices worked by hand', () => {
    const a = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const b = tf.tensor2d([1, 0, 0, 1, 2, -1], [3, 2]);
    assertClose(multiply(a, b), [7, -1, 16, -1], 1e-6);
    assertClose(multiply(a, a, false, true), [14, 32, 32, 77], 1e-6);
    assertClose(multiply(b, b, true, false), [5, -2, -2, 2], 1e-6);
  });

  for (const [transposeA, transposeB] of ways) {
    it(`gives ${nameOf(transposeA, transposeB)} of any size, and leaves it alone alive`, () => {
      for (const [rows, inner, columns] of sizes) {
        const a = randomTensor<tf.Tensor2D>(transposeA ? [inner, rows] : [rows, inner], 'a');
        const b = randomTensor<tf.Tensor2D>(transposeB ? [columns, inner] : [inner, columns], 'b');
        const expected = naive([...a.dataSync()], [...b.dataSync()], [rows, inner, columns], transposeA, transposeB);
        assertClose(multiply(a, b, transposeA, transposeB), expected, 1e-5, `${rows} x ${inner} x ${columns}, element`);
        assertTensorsKept(1, () => multiply(a, b, transposeA, transposeB));
      }
    });
  }
});

describe('multiplyBatch', () => {
  before(() => startEngine());

  for (const [transposeA, transposeB] of ways) {
    it(`gives ${nameOf(transposeA, transposeB)} of each row, and leaves it alone alive`, () => {
      for (const batch of [1, 3]) {
        for (const [rows, inner, columns] of sizes) {
          const a = randomTensor<tf.Tensor3D>(transposeA ? [batch, inner, rows] : [batch, rows, inner], 'a');
          const b = randomTensor<tf.Tensor3D>(transposeB ? [batch, columns, inner] : [batch, inner, columns], 'b');
          const expected = Array.from({ length: batch }, (_, row) => {
            const own = (x: tf.Tensor) => [...x.dataSync()].slice((row * x.size) / batch, ((row + 1) * x.size) / batch);
            return naive(own(a), own(b), [rows, inner, columns], transposeA, transposeB);
          });
          assertClose(multiplyBatch(a, b, transposeA, transposeB), expected.flat(), 1e-5);
          assertTensorsKept(1, () => multiplyBatch(a, b, transposeA, transposeB));
        }
      }
    });
  }
});

function naive(
  a: number[],
  b: number[],
  [rows, inner, columns]: readonly [number, number, number],
  transposeA: boolean,
  transposeB: boolean,
): number[] {
  const left = (row: number, k: number) => a[transposeA ? k * rows + row : row * inner + k]!;
  const right = (k: number, column: number) => b[transposeB ? column * inner + k : k * columns + column]!;
  return Array.from({ length: rows * columns }, (_, place) =>
    Array.from({ length: inner }, (_, k) => left(Math.floor(place / columns), k) * right(k, place % columns)).reduce(
      (sum, value) => sum + value,
    ),
  );
}
