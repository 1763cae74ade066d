import { tf } from '../engine/tf.js';
import { atLeast } from '../engine/withNumber.js';
import type { Model } from './decoder.js';
import { divideRows, rmsNorm } from './rmsNorm.js';

/**
 * The head of the encoder: final norm, then unit length.
 * @param x  states of the last tokens, [batch, hidden]
 * @returns  [batch, hidden]; the caller owns it
 */
export function unitRows(x: tf.Tensor2D, model: Model): tf.Tensor2D {
  return tf.tidy(() => {
    const normed = rmsNorm(x, model.finalNorm, model.config.normEpsilon);
    return divideRows(normed, 'sum', (squares) => atLeast(squares, 1e-24));
  });
}

/** The gradient of `unitRows` for x; the caller owns it. */
export function unitRowsGradient(x: tf.Tensor2D, upstream: tf.Tensor2D, model: Model): tf.Tensor2D {
  const [dX] = tf.tidy(() => tf.grads((x) => unitRows(x as tf.Tensor2D, model))([x], upstream));
  return dX as tf.Tensor2D;
}
