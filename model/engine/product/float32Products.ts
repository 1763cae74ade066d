import type { Float32Products } from '../../../configs/contract.js';
import { capabilities } from '../capabilities.js';
import { tf } from '../tf.js';

const size = 256;
/** Float32 holds it, TF32 with its ten bits behind the point rounds it to 1. */
const betweenTf32 = 1 + 2 ** -12;

/**
 * Which arithmetic products of float32 matrices have on the engine that runs. NVIDIA cards since Ampere round the factors
 * to TF32 unless NVIDIA_TF32_OVERRIDE is 0. It is measured, so that neither the card nor a library need be known.
 */
export function float32Products(): Float32Products {
  return capabilities().card ? arithmeticOf(tf.matMul) : 'float32';
}

/** Which arithmetic this product has. Every number in it is exact in float32. */
export function arithmeticOf(multiply: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor2D): Float32Products {
  const value = tf.tidy(
    () => multiply(tf.fill([size, size], betweenTf32), tf.fill([size, size], 1 / size)).dataSync<'float32'>()[0],
  );
  return value === betweenTf32 ? 'float32' : 'tf32';
}
