import { tf } from '../engine/tf.js';
import { atLeast } from '../engine/withNumber.js';
import type { Model } from './decoder.js';
import { rmsNorm } from './rmsNorm.js';

/**
 * The head of the encoder: final norm, then unit length.
 * @param x  states of the last tokens, [batch, hidden]
 * @returns  [batch, hidden]; the caller owns it
 */
export function unitRows(x: tf.Tensor2D, model: Model): tf.Tensor2D {
  return tf.tidy(() => {
    const normed = rmsNorm(x, model.finalNorm, model.config.normEpsilon);
    return divideByLength(normed);
  });
}

/** With r = 1 / |x|, y = x r and dx = r (dy - y sum(dy y)). */
function divideByLength(x: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((input, save) => {
    const x = input as tf.Tensor2D;
    const r = atLeast(x.square().sum(1, true), 1e-24).rsqrt(); // [rows, 1]
    const y = x.mul(r);
    (save as tf.GradSaveFunc)([y, r]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, r] = saved as [tf.Tensor2D, tf.Tensor2D];
        return dy.sub(y.mul(dy.mul(y).sum(1, true))).mul(r);
      },
    };
  });
  return op(x) as tf.Tensor2D;
}

/** The gradient of `unitRows` for x; the caller owns it. */
export function unitRowsGradient(x: tf.Tensor2D, upstream: tf.Tensor2D, model: Model): tf.Tensor2D {
  const [dX] = tf.tidy(() => tf.grads((x) => unitRows(x as tf.Tensor2D, model))([x], upstream));
  return dX as tf.Tensor2D;
}
