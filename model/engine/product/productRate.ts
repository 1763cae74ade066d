import { capabilities } from '../capabilities.js';
import { tf } from '../tf.js';

/** A device is kept busy for so long before it is waited for: the wait, and the way there, are then small beside the work. */
const roundMs = 50;
const mostProducts = 4096;

/** Rows and columns of a product that shows the speed of the device: on a card one that takes longer than it is started. */
export const telling = (onProcessor: number): number => (capabilities().card ? 8192 : onProcessor);

/**
 * Measure how fast products are made where one is started after the other, as in a model. Other work on the machine comes
 * and goes: of several rounds the fastest counts.
 * @param multiply    makes a product, which is freed
 * @param operations  on numbers, of one product
 * @param shortestMs  how long it is measured at least
 * @returns operations on numbers in a second
 */
export function productRate(multiply: () => tf.Tensor2D, operations: number, shortestMs: number): number {
  const begunMs = performance.now();
  let count = 1;
  let fastestMs = Infinity; // of a product
  timeOf(multiply, 1); // the first also prepares
  while (fastestMs === Infinity || performance.now() - begunMs < shortestMs) {
    const tookMs = timeOf(multiply, count);
    if (tookMs < roundMs && count < mostProducts) count *= 2;
    else fastestMs = Math.min(fastestMs, tookMs / count);
  }
  return operations / (fastestMs / 1000);
}

function timeOf(multiply: () => tf.Tensor2D, count: number): number {
  const begunMs = performance.now();
  for (let left = count; left > 0; left--) {
    const product = multiply();
    // One number is read back at the end: by then all products before it have been made.
    if (left === 1) tf.tidy(() => void product.slice([0, 0], [1, 1]).dataSync());
    product.dispose();
  }
  return performance.now() - begunMs;
}
