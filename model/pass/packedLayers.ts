import type { tf } from '../engine/tf.js';
import type { LayerWeights } from '../layer/paddedLayer.js';
import type { Gradients } from '../layer/stackedLora.js';

/**
 * How the layers of one chunk run whose texts lie one behind the other without padding. `last` says everywhere that
 * behind the attention only the last token of each text is wanted. Freed by `dispose`.
 */
export interface PackedLayers {
  /** Its tensors in plain data, where the scope of a step finds those that outlive it. */
  readonly held: object;
  /** The states of all tokens as the layers take them. Consumes `x`, [tokens, hidden]. */
  open(x: tf.Tensor2D): tf.Tensor2D;
  /** @returns output of a layer; the caller owns it, and still `x` */
  run(x: tf.Tensor2D, weights: LayerWeights, last: boolean): tf.Tensor2D;
  /** The same, but for its last projection, with what the gradient needs. Takes `x` over. */
  forwardSaving(x: tf.Tensor2D, weights: LayerWeights, last: boolean): SavedLayer;
  /** States of tokens or texts, [tokens or texts, hidden], out of what the layers gave. Consumes `y`. */
  close(y: tf.Tensor2D, last: boolean): tf.Tensor2D;
  /** The gradient of `close`. Consumes `dY`. */
  closeGradient(dY: tf.Tensor2D, last: boolean): tf.Tensor2D;
  dispose(): void;
}

/** A layer's intermediates. Freed by `backward` or `dispose`. */
export interface SavedLayer {
  /** As that of `PackedLayers`. */
  readonly held: object;
  /** The layer's output; the caller owns it. */
  finish(): tf.Tensor2D;
  /**
   * Send a gradient back through the layer.
   * @param upstream  consumed
   * @param into      gradients of the layer's adapters are added to what is there, under `layers.N.…`
   * @returns         the gradient for the layer's input where it is wanted; the caller owns it
   */
  backward(upstream: tf.Tensor2D, layer: number, into: Gradients, needsInput: boolean): tf.Tensor2D | undefined;
  dispose(): void;
}
