import { tf } from '../engine/tf.js';

/** Rotary tables for the first positions, each [time, headDim / 2]. */
export interface Rotary {
  cos: tf.Tensor2D;
  sin: tf.Tensor2D;
}

/**
 * Cosines and sines of position times frequency; frequencies fall from 1 to nearly 1 / theta.
 * Source: RoFormer (arXiv 2104.09864) section 3.4; Hugging Face `Qwen2RotaryEmbedding`.
 * @param scale  multiplies both tables; queries take 1 / sqrt(headDim) here instead of scaling their scores
 * @returns      tables that the caller owns
 */
export function rotaryTables(time: number, headDim: number, theta: number, scale = 1): Rotary {
  const half = headDim / 2;
  const cos = new Float32Array(time * half);
  const sin = new Float32Array(time * half);
  for (let position = 0; position < time; position++) {
    for (let pair = 0; pair < half; pair++) {
      // The frequency is rounded to float32, as the reference does, before it is multiplied.
      const frequency = Math.fround(1 / theta ** ((2 * pair) / headDim));
      const angle = Math.fround(position * frequency);
      cos[position * half + pair] = Math.cos(angle) * scale;
      sin[position * half + pair] = Math.sin(angle) * scale;
    }
  }
  return { cos: tf.tensor2d(cos, [time, half]), sin: tf.tensor2d(sin, [time, half]) };
}

/**
 * Turn each pair (x_i, x_{i + headDim / 2}) by its angle. The gradient is the turn by the opposite angle.
 * @param x  [..., time, headDim]
 * @returns  same shape; the caller owns it
 */
export function rotate(x: tf.Tensor, { cos, sin }: Rotary): tf.Tensor {
  const op = tf.customGrad((x) => ({
    value: turn(x as tf.Tensor, cos, sin),
    gradFunc: (dy: tf.Tensor) => tf.tidy(() => turn(dy, cos, sin.neg())),
  }));
  return op(x);
}

function turn(x: tf.Tensor, cos: tf.Tensor2D, sin: tf.Tensor2D): tf.Tensor {
  const [left, right] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.concat([left.mul(cos).sub(right.mul(sin)), right.mul(cos).add(left.mul(sin))], -1);
}
