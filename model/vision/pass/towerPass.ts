import type { tf } from '../../engine/tf.js';
import type { Gradients } from '../../layer/stackedLora.js';

/** The blocks of the tower at work on one image. Freed by `dispose`. */
export interface TowerPass {
  /** Of each token in window order, as all states here have them, its place row by row. */
  order: Int32Array;
  /** @returns the output of a block, [patches, hidden]; the caller owns it, and still `x` */
  run(x: tf.Tensor2D, block: number): tf.Tensor2D;
  /**
   * Send a gradient back through a block, which is computed again for it.
   * @param x   its input; consumed
   * @param dY  gradient for its output; consumed
   */
  backward(x: tf.Tensor2D, dY: tf.Tensor2D, block: number): BlockGradients;
  dispose(): void;
}

/** The caller owns all of them. */
interface BlockGradients {
  /** For the block's input; none for the first block, whose input nothing learns from. */
  dX: tf.Tensor2D | undefined;
  /** Of the block's adapters, by name. */
  ofAdapters: Gradients;
}
