import { capabilities } from '../capabilities.js';
import { tf } from '../tf.js';
import { multiplyEach, transposeEach } from '../wasm/wasmProducts.js';

/**
 * Matrix product without a gradient of its own, on the fast path of the engine that runs.
 * @param a  [m, k], or [k, m] when transposeA
 * @param b  [k, n], or [n, k] when transposeB
 * @returns  [m, n]; the caller owns it
 */
export function multiply(a: tf.Tensor2D, b: tf.Tensor2D, transposeA = false, transposeB = false): tf.Tensor2D {
  // The kernel itself takes the plain product: it keeps a frozen b in the packed form it multiplies with.
  if (!capabilities().valuesInPlace || (!transposeA && !transposeB)) return tf.matMul(a, b, transposeA, transposeB);
  return tf.tidy(() => {
    const product = multiplyOnWasm(a.expandDims(0), b.expandDims(0), transposeA, transposeB);
    return product.reshape([product.shape[1], product.shape[2]]);
  });
}

/**
 * One matrix product a batch row, as `multiply`.
 * @param a  [batch, m, k], or [batch, k, m] when transposeA
 * @param b  [batch, k, n], or [batch, n, k] when transposeB
 * @returns  [batch, m, n]; the caller owns it
 */
export function multiplyBatch(a: tf.Tensor3D, b: tf.Tensor3D, transposeA = false, transposeB = false): tf.Tensor3D {
  if (!capabilities().valuesInPlace) return tf.matMul(a, b, transposeA, transposeB);
  return tf.tidy(() => multiplyOnWasm(a, b, transposeA, transposeB));
}

/**
 * WebAssembly multiplies untransposed matrices alone at full speed, some ten times faster than transposed ones, so the
 * transpose is done first. It packs the second factor before each product at five times the cost of a transpose; when
 * the first is the smaller one, the transposed product of the transposed factors is therefore the cheaper way.
 */
function multiplyOnWasm(a: tf.Tensor3D, b: tf.Tensor3D, transposeA: boolean, transposeB: boolean): tf.Tensor3D {
  const plain = (x: tf.Tensor3D, transposed: boolean) => (transposed ? transposeEach(x) : x);
  const swap = (transposeA || transposeB) && a.size < b.size;
  return swap
    ? transposeEach(multiplyEach(plain(b, !transposeB), plain(a, !transposeA)))
    : multiplyEach(plain(a, transposeA), plain(b, transposeB));
}
