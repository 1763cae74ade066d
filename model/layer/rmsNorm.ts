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
  return tf.tidy(() => divideRows(x, 'mean', (squares) => plus(squares, epsilon)).mul(gain));
}

/**
 * Divide each row by the root of the sum or the mean of its squares: with r = 1 / root, y = x r and dx = r (dy - y reduce(dy y)),
 * two saved tensors instead of the five of the plain operations.
 * @param above0  what keeps the squares from zero
 */
export function divideRows(
  x: tf.Tensor2D,
  reduce: 'sum' | 'mean',
  above0: (squares: tf.Tensor2D) => tf.Tensor2D,
): tf.Tensor2D {
  const op = tf.customGrad((input, save) => {
    const x = input as tf.Tensor2D;
    const r = above0(x.square()[reduce]<tf.Tensor2D>(1, true)).rsqrt(); // [rows, 1]
    const y = x.mul(r);
    (save as tf.GradSaveFunc)([y, r]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, r] = saved as [tf.Tensor2D, tf.Tensor2D];
        return dy.sub(y.mul(dy.mul(y)[reduce](1, true))).mul(r);
      },
    };
  });
  return op(x) as tf.Tensor2D;
}
