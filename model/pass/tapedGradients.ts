import { tf } from '../engine/tf.js';

/**
 * As `tf.grads`, but where it fails it frees what its tape has saved, which TensorFlow.js then keeps for as long as the
 * process lives: what gives way when memory runs out would have less of it each time.
 */
export function tapedGradients(
  f: (...xs: tf.Tensor[]) => tf.Tensor,
  xs: tf.Tensor[],
  upstream: tf.Tensor,
): tf.Tensor[] {
  try {
    return tf.grads(f)(xs, upstream);
  } catch (error) {
    const { state } = tf.engine();
    for (const { saved } of state.activeTape ?? []) tf.dispose(saved);
    state.activeTape = [];
    throw error;
  }
}
