import { tf } from '../engine/tf.js';

/** Rotary tables for the first positions, each [time, headDim / 2], or with a row for every place of several texts. */
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
  return rotaryRows(time, headDim / 2, (position) => position, headDim, theta, scale);
}

/**
 * As `rotaryTables`, for positions of any kind.
 * @param positionOf  of a row for a frequency
 * @param turned      numbers that the frequencies are spread over; a head's unless several positions share it
 */
export function rotaryRows(
  rows: number,
  pairs: number,
  positionOf: (row: number, pair: number) => number,
  turned: number,
  theta: number,
  scale = 1,
): Rotary {
  const cos = new Float32Array(rows * pairs);
  const sin = new Float32Array(rows * pairs);
  const frequencies = Array.from({ length: pairs }, (_, pair) => frequency(pair % (turned / 2), turned, theta));
  for (let row = 0; row < rows; row++) {
    for (let pair = 0; pair < pairs; pair++) {
      const angle = Math.fround(positionOf(row, pair) * frequencies[pair]!);
      cos[row * pairs + pair] = Math.cos(angle) * scale;
      sin[row * pairs + pair] = Math.sin(angle) * scale;
    }
  }
  return { cos: tf.tensor2d(cos, [rows, pairs]), sin: tf.tensor2d(sin, [rows, pairs]) };
}

/** It is rounded to float32, as the reference does, before it is multiplied. */
const frequency = (pair: number, turned: number, theta: number) => Math.fround(1 / theta ** ((2 * pair) / turned));

/**
 * Turn each pair (x_i, x_{i + headDim / 2}) by its angle. The gradient is the turn by the opposite angle.
 * @param x  [..., time, headDim]
 * @param tables  of any shape that is spread over x's
 * @returns  same shape; the caller owns it
 */
export function rotate(x: tf.Tensor, { cos, sin }: { cos: tf.Tensor; sin: tf.Tensor }): tf.Tensor {
  const op = tf.customGrad((x) => ({
    value: turn(x as tf.Tensor, cos, sin),
    gradFunc: (dy: tf.Tensor) => tf.tidy(() => turn(dy, cos, sin.neg())),
  }));
  return op(x);
}

function turn(x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor): tf.Tensor {
  const [left, right] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.concat([left.mul(cos).sub(right.mul(sin)), right.mul(cos).add(left.mul(sin))], -1);
}
