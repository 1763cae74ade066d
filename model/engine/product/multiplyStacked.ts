import type { FrozenMatrix } from './frozenMatrix.js';
import { multipliesFast } from '../native/multipliesFast.js';
import { nativeBackend } from '../native/rawTensors.js';
import { tf } from '../tf.js';

/**
 * Multiply by frozen matrices laid on top of each other, on the native engine. Matrices held in two bytes a number are cast to
 * float32 for the one product where the processor multiplies float32 faster; sums and results are float32 then.
 * @param x          [rows, in] when transposed, else [rows, sum of outs]
 * @param matrices   each [out, in]
 * @param transpose  x Wᵀ, as in the forward pass; else x W, as in the backward pass
 * @returns          [rows, sum of outs] or [rows, in]; the caller owns it
 */
export function multiplyStacked(
  x: tf.Tensor2D,
  matrices: FrozenMatrix[],
  { transpose }: { transpose: boolean },
): tf.Tensor2D {
  const native = nativeBackend();
  const held = matrices.map((matrix) => matrix.held);
  const raw = held.flatMap((values) => ('raw' in values ? [values.raw] : []));
  if (raw.length === 0 && held.length === 1) {
    return native.multiplyFloat32(x, (held[0] as { tensor: tf.Tensor2D }).tensor, transpose);
  }
  if (raw.length > 0 && multipliesFast(raw[0]!.kind)) {
    if (raw.length === 1) return native.multiplyHalf(x, raw[0]!, transpose);
    const stacked = native.stackHalf(raw);
    try {
      return native.multiplyHalf(x, stacked, transpose);
    } finally {
      native.release(stacked);
    }
  }
  const wide =
    raw.length > 0
      ? native.castToFloat32(raw)
      : tf.concat(held.map((values) => (values as { tensor: tf.Tensor2D }).tensor));
  const product = native.multiplyFloat32(x, wide, transpose);
  wide.dispose();
  return product;
}
