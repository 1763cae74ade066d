import { tf } from '../engine/tf.js';

/**
 * Some rows of a matrix, with a gradient that every engine can compute: that of `tf.gather` lacks a kernel on
 * WebAssembly.
 * @param x     [rows, columns]
 * @param rows  int32 [taken]
 * @returns     [taken, columns]; the caller owns it
 */
export function takeRows(x: tf.Tensor2D, rows: tf.Tensor1D): tf.Tensor2D {
  const op = tf.customGrad((input) => {
    const whole = input as tf.Tensor2D;
    const { shape } = whole;
    return {
      value: tf.gather(whole, rows),
      gradFunc: (dy: tf.Tensor) => tf.tidy(() => tf.scatterND(rows.expandDims(1), dy, shape)),
    };
  });
  return op(x) as tf.Tensor2D;
}
