import { tf } from '../tf.js';

/**
 * A quick look at the speed of the running engine: the best float32 product of two square matrices in half a
 * second. It varies with whatever else the machine does.
 * @param size  rows and columns
 * @returns GFLOP/s
 */
export async function multiplySpeed(size: number): Promise<number> {
  const [a, b] = [tf.randomNormal([size, size], 0, 1, 'float32', 1), tf.randomNormal([size, size], 0, 1, 'float32', 2)];
  let best = Infinity;
  const end = performance.now() + 500;
  for (let round = 0; round < 2 || performance.now() < end; round++) {
    const begun = performance.now();
    const product = tf.matMul(a, b);
    await product.data();
    best = Math.min(best, performance.now() - begun);
    product.dispose();
  }
  tf.dispose([a, b]);
  return (2 * size ** 3) / best / 1e6;
}
