import type { Precision } from '../../configs/contract.js';
import { freezeMatrix } from '../engine/product/frozenMatrix.js';
import { tf } from '../engine/tf.js';

const side = 2048;
const shortestMs = 1000;

/**
 * Measure how fast the engine that runs multiplies by a frozen matrix: the most that training and encoding could reach.
 * @param precision  one that the engine offers
 * @returns operations on numbers in a second
 */
export function productSpeed(precision: Precision): number {
  const bytes = new Uint8Array(new Float32Array(side * side).fill(0.5).buffer);
  const matrix = freezeMatrix({ dtype: 'F32', bytes }, [side, side], precision);
  const x = tf.ones<tf.Rank.R2>([side, side]);
  const multiplyOnce = () => {
    const product = matrix.forward(x);
    // Reads one number back, so that a device is waited for.
    tf.tidy(() => product.slice([0, 0], [1, 1]).dataSync());
    product.dispose();
  };
  try {
    multiplyOnce(); // the first also prepares
    const startMs = performance.now();
    // The fastest of several: other work on the machine comes and goes.
    let fastestMs = Infinity;
    while (performance.now() - startMs < shortestMs) {
      const beforeMs = performance.now();
      multiplyOnce();
      fastestMs = Math.min(fastestMs, performance.now() - beforeMs);
    }
    return (2 * side ** 3) / (fastestMs / 1000);
  } finally {
    x.dispose();
    matrix.dispose();
  }
}
