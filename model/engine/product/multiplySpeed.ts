import { tf } from '../tf.js';
import { productRate } from './productRate.js';

const shortestMs = 500;

/**
 * A quick look at the speed of the running engine: the best float32 product of two square matrices in half a
 * second. It varies with whatever else the machine does.
 * @param size  rows and columns
 * @returns GFLOP/s
 */
export function multiplySpeed(size: number): number {
  const [a, b] = [1, 2].map((scale) =>
    tf.tidy(() => {
      const side = tf.range(-size, size, 2).mul<tf.Tensor1D>(scale / size);
      return tf.outerProduct(side, side);
    }),
  ) as [tf.Tensor2D, tf.Tensor2D];
  const rate = productRate(() => tf.matMul(a, b), 2 * size ** 3, shortestMs);
  tf.dispose([a, b]);
  return rate / 1e9;
}
