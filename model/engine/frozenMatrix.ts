import type { Precision } from '../../configs/contract.js';
import { multiply } from './multiply.js';
import { nativeBackend, type RawTensor } from './rawTensors.js';
import { tf } from './tf.js';

/** A weight that never changes, held in the form its engine multiplies fastest. Outside every tidy: freed by `dispose`. */
export interface FrozenMatrix {
  /** [out, in], as Hugging Face stores it. */
  shape: [number, number];
  /** x Wᵀ: [rows, in] to [rows, out]. No gradient of its own. */
  forward(x: tf.Tensor2D): tf.Tensor2D;
  /** dy W: [rows, out] to [rows, in], the gradient of `forward` for x. */
  backward(dy: tf.Tensor2D): tf.Tensor2D;
  dispose(): void;
  /** How it is held, for operations that read it themselves. */
  held: { raw: RawTensor } | { tensor: tf.Tensor2D };
}

/** Values of a frozen matrix as they come from a file: bfloat16 bytes are kept as they are, all else is float32. */
export type MatrixValues = { bfloat16: Uint8Array } | { float32: Float32Array };

/**
 * Put a frozen weight on the device.
 * @param values     row-major [out, in]; bfloat16 bytes when `precision` is bfloat16, float32 when it is float32
 * @param precision  bfloat16 needs an engine that offers it
 */
export function freezeMatrix(values: MatrixValues, shape: [number, number], precision: Precision): FrozenMatrix {
  if (precision === 'bfloat16') {
    if (!('bfloat16' in values)) throw new Error('freezeMatrix: bfloat16 arithmetic takes bfloat16 bytes');
    return freezeBfloat16(values.bfloat16, shape);
  }
  if (!('float32' in values)) throw new Error('freezeMatrix: float32 arithmetic takes float32 values');
  return freezeFloat32(values.float32, shape);
}

function freezeBfloat16(bytes: Uint8Array, shape: [number, number]): FrozenMatrix {
  const native = nativeBackend();
  const raw = native.uploadBfloat16(bytes, shape);
  return {
    shape,
    forward: (x) => native.multiplyBfloat16(x, raw, true),
    backward: (dy) => native.multiplyBfloat16(dy, raw, false),
    dispose: () => native.release(raw),
    held: { raw },
  };
}

function freezeFloat32(values: Float32Array, shape: [number, number]): FrozenMatrix {
  const matrix = tf.keep(tf.tensor2d(values, shape));
  // On WebAssembly a transposed product is slow, so the transposed copy is made once.
  const transposed = tf.getBackend() === 'wasm' ? tf.keep(tf.transpose(matrix)) : undefined;
  return {
    shape,
    forward: (x) => (transposed ? multiply(x, transposed) : multiply(x, matrix, false, true)),
    backward: (dy) => multiply(dy, matrix),
    dispose: () => tf.dispose([matrix, ...(transposed ? [transposed] : [])]),
    held: { tensor: matrix },
  };
}
