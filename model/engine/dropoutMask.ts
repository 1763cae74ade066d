import { nativeBackend } from './native/rawTensors.js';
import { tf } from './tf.js';
import { unsetTensor, valuesInPlace } from './wasm/wasmBackend.js';

/**
 * A mask that keeps each element with probability 1 - rate and scales the kept ones by 1 / (1 - rate).
 * The same seeds give the same mask, so a recomputed forward pass drops what the first one dropped.
 * @param shape  of the tensor to be masked
 * @param seeds  two 32-bit integers
 * @returns      float32; the caller owns it
 */
export function dropoutMask(shape: [number, number], rate: number, seeds: [number, number]): tf.Tensor2D {
  if (tf.getBackend() === 'wasm') {
    const mask = unsetTensor<tf.Tensor2D>(shape);
    fillMask(valuesInPlace(mask), rate, seeds);
    return mask;
  }
  return tf.tidy(() =>
    nativeBackend()
      .statelessUniform(shape, seeds)
      .greaterEqual(rate)
      .toFloat()
      .mul<tf.Tensor2D>(1 / (1 - rate)),
  );
}

/** Each element is drawn by a hash of its index and the seeds. */
function fillMask(mask: Float32Array, rate: number, [first, second]: [number, number]): void {
  // Mixed before they meet the index: else neighbouring seeds would give one mask in two orders.
  const [inner, outer] = [mixed(first), mixed(second)];
  for (let index = 0; index < mask.length; index++) mask[index] = dropoutMaskValue(index, inner, outer, rate);
}

/** One element of a mask; the fused operations draw theirs by the same rule. @param inner @param outer  mixed seeds */
export function dropoutMaskValue(index: number, inner: number, outer: number, rate: number): number {
  return mixed((mixed(index ^ inner) + outer) | 0) >>> 0 < Math.floor(rate * 2 ** 32) ? 0 : 1 / (1 - rate);
}

/** Source: finalizer of MurmurHash3 (32 bits). */
export function mixed(value: number): number {
  const half = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const hash = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
