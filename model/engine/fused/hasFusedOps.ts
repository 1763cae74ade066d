import { usesGpu } from '../product/multiplySpeed.js';
import { tf } from '../tf.js';

/** Do the operations of fusedOps.ts run on the engine that was started? They are for TensorFlow on the processor. */
export function hasFusedOps(): boolean {
  return tf.getBackend() === 'tensorflow' && !usesGpu();
}
