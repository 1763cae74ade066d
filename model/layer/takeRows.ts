import { capabilities } from '../engine/capabilities.js';
import { gatherFrom, sendPlaces } from '../engine/native/deviceRows.js';
import { tf } from '../engine/tf.js';

/**
 * Some rows of a matrix, with a gradient that every engine can compute: that of `tf.gather` lacks a kernel on
 * WebAssembly.
 * @param x     [rows, columns]
 * @param rows  int32 [taken]; for the native engine as `placesOf` makes them
 * @returns     [taken, columns]; the caller owns it
 */
export function takeRows(x: tf.Tensor2D, rows: tf.Tensor1D): tf.Tensor2D {
  const op = tf.customGrad((input) => {
    const whole = input as tf.Tensor2D;
    const { shape } = whole;
    return {
      value: rowsAt(whole, rows),
      gradFunc: (dy: tf.Tensor) => tf.tidy(() => tf.scatterND(rows.expandDims(1), dy, shape)),
    };
  });
  return op(x) as tf.Tensor2D;
}

/** Places of rows where the engine takes them, int32; the caller owns them. */
export const placesOf = (places: readonly number[]): tf.Tensor1D =>
  capabilities().rawHandles ? sendPlaces(places) : tf.tensor1d(places as number[], 'int32');

/** `tf.gather` would read the places back from the device each time, to see that they lie inside. */
const rowsAt = (x: tf.Tensor2D, rows: tf.Tensor1D): tf.Tensor2D =>
  capabilities().rawHandles ? gatherFrom(x, rows) : tf.gather(x, rows);
