import { capabilities } from '../capabilities.js';
import type { Precision } from '../../../configs/contract.js';
import { multiply } from './multiply.js';
import { requireFloat } from '../../../checkpoints/tensors/safetensors.js';
import type { TensorDtype } from '../../../checkpoints/tensors/safetensorsHeader.js';
import { floatTensor } from '../floatTensor.js';
import { nativeBackend, type HalfKind, type RawTensor } from '../native/rawTensors.js';
import { tf } from '../tf.js';

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

/** A matrix as it lies in a file: row-major [out, in], little-endian. */
export interface StoredMatrix {
  dtype: TensorDtype;
  bytes: Uint8Array;
}

/**
 * Put a frozen weight on the device, converted there where the file holds another kind of number.
 * @param stored     its bytes are not to be changed as long as the matrix lives, which may lie in them
 * @param precision  bfloat16 and float16 need an engine that offers them
 * @throws UserError for a kind of number that is not F32, F16 or BF16
 */
export function freezeMatrix(stored: StoredMatrix, shape: [number, number], precision: Precision): FrozenMatrix {
  return precision === 'float32' ? freezeFloat32(stored, shape) : freezeHalf(stored, shape, precision);
}

function freezeHalf({ bytes, dtype }: StoredMatrix, shape: [number, number], kind: HalfKind): FrozenMatrix {
  const native = nativeBackend();
  requireFloat(dtype);
  const raw = native.uploadHalf(bytes, shape, dtype, kind);
  return {
    shape,
    forward: (x) => native.multiplyHalf(x, raw, true),
    backward: (dy) => native.multiplyHalf(dy, raw, false),
    dispose: () => native.release(raw),
    held: { raw },
  };
}

function freezeFloat32(stored: StoredMatrix, shape: [number, number]): FrozenMatrix {
  const matrix = tf.keep(floatTensor(stored, shape)) as tf.Tensor2D;
  // On WebAssembly a transposed product is slow, so the transposed copy is made once.
  const transposed = capabilities().valuesInPlace ? tf.keep(tf.transpose(matrix)) : undefined;
  return {
    shape,
    forward: (x) => (transposed ? multiply(x, transposed) : multiply(x, matrix, false, true)),
    backward: (dy) => multiply(dy, matrix),
    dispose: () => tf.dispose([matrix, ...(transposed ? [transposed] : [])]),
    held: { tensor: matrix },
  };
}
