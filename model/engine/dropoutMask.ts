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

/** Numbers in [0, 1), each a hash of its index and the seeds. Source: finalizer of MurmurHash3 (32 bits). */
function hashedUniform(size: number, [first, second]: [number, number]): Float32Array {
  const values = new Float32Array(size);
  for (let index = 0; index < size; index++) {
    let hash = (index ^ first) + Math.imul(second, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    values[index] = ((hash ^ (hash >>> 16)) >>> 8) / 0x1000000;
  }
  return values;
}
