import { tf } from '../engine/tf.js';
import { plus } from '../engine/withNumber.js';

/**
 * Divide each row by its root mean square, then scale each column.
 * Source: RMSNorm (arXiv 1910.07467); Hugging Face `Qwen2RMSNorm`.
 * @param x     [rows, hidden]
 * @param gain  [hidden]
 * @returns     [rows, hidden]; the caller owns it
 */
export function rmsNorm(x: tf.Tensor2D, gain: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return tf.tidy(() => divideByRms(x, epsilon).mul(gain));
}

/** With r = 1 / rms(x), y = x r and dx = r (dy - y mean(dy y)): one saved tensor instead of the five of the plain operations. */
function divideByRms(x: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  const op = tf.customGrad((input, save) => {
    const x = input as tf.Tensor2D;
    const r = plus(x.square().mean(1, true), epsilon).rsqrt(); // [rows, 1]
    const y = x.mul(r);
    (save as tf.GradSaveFunc)([y, r]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, r] = saved as [tf.Tensor2D, tf.Tensor2D];
        return dy.sub(y.mul(dy.mul(y).mean(1, true))).mul(r);
      },
    };
  });
  return op(x) as tf.Tensor2D;
}
