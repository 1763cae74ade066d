import { nativeBackend } from './rawTensors.js';
import { tf } from './tf.js';

/**
 * A mask that keeps each element with probability 1 - rate and scales the kept ones by 1 / (1 - rate).
 * The same seeds give the same mask, so a recomputed forward pass drops what the first one dropped.
 * @param shape  of the tensor to be masked
 * @param seeds  two 32-bit integers
 * @returns      float32; the caller owns it
 */
export function dropoutMask(shape: [number, number], rate: number, seeds: [number, number]): tf.Tensor2D {
  return tf.tidy(() => {
    const uniform =
      tf.getBackend() === 'tensorflow'
        ? (nativeBackend().statelessUniform(shape, seeds) as tf.Tensor2D)
        : tf.tensor2d(hashedUniform(shape[0] * shape[1], seeds), shape);
    return uniform
      .greaterEqual(rate)
      .toFloat()
      .mul(1 / (1 - rate));
  });
}

/** Numbers in [0, 1), each a hash of its index and the seeds. */
function hashedUniform(size: number, [first, second]: [number, number]): Float32Array {
  // Mixed before they meet the index: else neighbouring seeds would give one mask in two orders.
  const [inner, outer] = [mixed(first), mixed(second)];
  const values = new Float32Array(size);
  for (let index = 0; index < size; index++)
    values[index] = (mixed((mixed(index ^ inner) + outer) | 0) >>> 8) / 0x1000000;
  return values;
}

/** Source: finalizer of MurmurHash3 (32 bits). */
function mixed(value: number): number {
  const half = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const hash = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
