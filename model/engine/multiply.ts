import { tf } from './tf.js';

/**
 * Matrix product without a gradient of its own, on the fast path of the engine that runs.
 * WebAssembly multiplies untransposed single matrices some fifty times faster than transposed ones, so there the
 * transpose is done first.
 * @param a  [m, k], or [k, m] when transposeA
 * @param b  [k, n], or [n, k] when transposeB
 * @returns  [m, n]; the caller owns it
 */
export function multiply(a: tf.Tensor2D, b: tf.Tensor2D, transposeA = false, transposeB = false): tf.Tensor2D {
  if (tf.getBackend() !== 'wasm') return tf.matMul(a, b, transposeA, transposeB);
  return tf.tidy(() => tf.matMul(transposeA ? tf.transpose(a) : a, transposeB ? tf.transpose(b) : b));
}

/**
 * One matrix product a batch row, as `multiply`.
 * @param a  [batch, m, k], or [batch, k, m] when transposeA
 * @param b  [batch, k, n], or [batch, n, k] when transposeB
 * @returns  [batch, m, n]; the caller owns it
 */
export function multiplyBatch(a: tf.Tensor3D, b: tf.Tensor3D, transposeA = false, transposeB = false): tf.Tensor3D {
  if (tf.getBackend() !== 'wasm') return tf.matMul(a, b, transposeA, transposeB);
  return tf.tidy(() => {
    const left = tf.unstack(transposeA ? tf.transpose(a, [0, 2, 1]) : a) as tf.Tensor2D[];
    const right = tf.unstack(transposeB ? tf.transpose(b, [0, 2, 1]) : b) as tf.Tensor2D[];
    return tf.stack(left.map((matrix, row) => tf.matMul(matrix, right[row]!))) as tf.Tensor3D;
  });
}
