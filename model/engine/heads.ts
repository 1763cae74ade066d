import { rotate, type Rotary } from '../rotary.js';
import { tf } from './tf.js';
import { unsetTensor, valuesInPlace } from './wasmBackend.js';

/** How the columns of a projection fall into heads: the query heads of a group share one key head. */
export interface HeadShape {
  batch: number;
  time: number;
  kvHeads: number;
  /** Query heads a key head; 1 for keys and values themselves. */
  group: number;
  headDim: number;
}

/**
 * Lay the heads of a group one after the other along time, each turned by its positions where tables are given.
 * No gradient of its own: that is `joinHeads` with the same tables.
 * @param x  [batch * time, kvHeads * group * headDim]
 * @returns  [batch * kvHeads, group * time, headDim]; the caller owns it
 */
export function splitHeads(x: tf.Tensor2D, shape: HeadShape, rotary?: Rotary): tf.Tensor3D {
  const { batch, time, kvHeads, group, headDim } = shape;
  const split: [number, number, number] = [batch * kvHeads, group * time, headDim];
  if (tf.getBackend() === 'wasm') {
    const parted = unsetTensor<tf.Tensor3D>(split);
    forEachRow(shape, rotary, valuesInPlace(x), valuesInPlace(parted), splitRow);
    return parted;
  }
  return tf.tidy(() => {
    const parted = x.reshape([batch, time, kvHeads, group, headDim]).transpose([0, 2, 3, 1, 4]);
    return (rotary ? rotate(parted, rotary) : parted).reshape(split);
  });
}

/**
 * Undo `splitHeads`: turn back where tables are given, and put the heads side by side again. With tables that hold a
 * scale it is the transpose of that map, which its gradient asks for, not its inverse.
 * @param x  [batch * kvHeads, group * time, headDim]
 * @returns  [batch * time, kvHeads * group * headDim]; the caller owns it
 */
export function joinHeads(x: tf.Tensor3D, shape: HeadShape, rotary?: Rotary): tf.Tensor2D {
  const { batch, time, kvHeads, group, headDim } = shape;
  const joined: [number, number] = [batch * time, kvHeads * group * headDim];
  if (tf.getBackend() === 'wasm') {
    const whole = unsetTensor<tf.Tensor2D>(joined);
    forEachRow(shape, rotary, valuesInPlace(x), valuesInPlace(whole), joinRow);
    return whole;
  }
  return tf.tidy(() => {
    const parted = x.reshape([batch, kvHeads, group, time, headDim]);
    const turned = rotary ? rotate(parted, { cos: rotary.cos, sin: rotary.sin.neg() }) : parted;
    return turned.transpose([0, 3, 1, 2, 4]).reshape(joined);
  });
}
