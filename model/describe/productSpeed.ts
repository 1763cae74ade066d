import type { Precision } from '../../configs/contract.js';
import { freezeMatrix } from '../engine/product/frozenMatrix.js';
import { productRate, telling } from '../engine/product/productRate.js';
import { tf } from '../engine/tf.js';

const shortestMs = 1000;

/**
 * Measure how fast the engine that runs multiplies by a frozen matrix: the most that training and encoding could reach.
 * @param precision  one that the engine offers
 * @returns operations on numbers in a second
 */
export function productSpeed(precision: Precision): number {
  const side = telling(2048);
  const bytes = new Uint8Array(new Float32Array(side * side).fill(0.5).buffer);
  const matrix = freezeMatrix({ dtype: 'F32', bytes }, [side, side], precision);
  const x = tf.ones<tf.Rank.R2>([side, side]);
  try {
    return productRate(() => matrix.forward(x), 2 * side ** 3, shortestMs);
  } finally {
    x.dispose();
    matrix.dispose();
  }
}
