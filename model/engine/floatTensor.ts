import { capabilities } from './capabilities.js';
import { requireFloat, toFloat32 } from '../../checkpoints/tensors/safetensors.js';
import type { TensorDtype } from '../../checkpoints/tensors/safetensorsHeader.js';
import { nativeBackend } from './native/rawTensors.js';
import { tf } from './tf.js';

/**
 * Numbers of a file as a float32 tensor; native TensorFlow converts them on the device.
 * @param bytes  row-major, little-endian; not to be changed as long as the tensor lives, which may lie in them
 * @returns      the caller owns it
 * @throws UserError for a kind of number that is not F32, F16 or BF16
 */
export function floatTensor({ dtype, bytes }: { dtype: TensorDtype; bytes: Uint8Array }, shape: number[]): tf.Tensor {
  requireFloat(dtype);
  if (capabilities().rawHandles) return nativeBackend().uploadFloat32(bytes, shape, dtype);
  return tf.tensor(toFloat32(bytes, dtype), shape);
}
