import { capabilities } from '../engine/capabilities.js';
import { rotate, type Rotary } from './rotary.js';
import { tf } from '../engine/tf.js';
import { unsetTensor, valuesInPlace } from '../engine/wasm/wasmBackend.js';

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
  if (capabilities().valuesInPlace) {
    const parted = unsetTensor<tf.Tensor3D>(split);
    moveHeads(valuesInPlace(x), valuesInPlace(parted), shape, 'split', rotary);
    return parted;
  }
  return tf.tidy(() => {
    const parted = x.reshape([batch, time, kvHeads, group, headDim]).transpose([0, 2, 3, 1, 4]);
    return (rotary ? rotate(parted, byText(rotary, shape)) : parted).reshape(split);
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
  if (capabilities().valuesInPlace) {
    const whole = unsetTensor<tf.Tensor2D>(joined);
    moveHeads(valuesInPlace(x), valuesInPlace(whole), shape, 'join', rotary);
    return whole;
  }
  return tf.tidy(() => {
    const parted = x.reshape([batch, kvHeads, group, time, headDim]);
    const turned = rotary ? rotate(parted, byText({ cos: rotary.cos, sin: rotary.sin.neg() }, shape)) : parted;
    return turned.transpose([0, 3, 1, 2, 4]).reshape(joined);
  });
}

/** Tables that have a row for every place of every text, along the texts; others serve all of them. */
function byText({ cos, sin }: Rotary, { batch, time }: HeadShape): { cos: tf.Tensor; sin: tf.Tensor } {
  if (cos.shape[0] === time) return { cos, sin };
  const shape = [batch, 1, 1, time, cos.shape[1]];
  return { cos: cos.reshape(shape), sin: sin.reshape(shape) };
}

/** One pass over the values, where stock kernels would take a dozen and a copy of the whole for each half. */
function moveHeads(
  from: Float32Array,
  to: Float32Array,
  { batch, time, kvHeads, group, headDim }: HeadShape,
  direction: 'split' | 'join',
  rotary?: Rotary,
): void {
  const cos = rotary && valuesInPlace(rotary.cos);
  const sin = rotary && valuesInPlace(rotary.sin);
  const sign = direction === 'split' ? 1 : -1;
  const hasOwnTables = rotary !== undefined && rotary.cos.shape[0] !== time;
  for (let row = 0; row < batch * kvHeads; row++) {
    const text = Math.floor(row / kvHeads);
    const firstTurn = hasOwnTables ? text * time : 0;
    for (let member = 0; member < group; member++) {
      const head = (row % kvHeads) * group + member;
      for (let place = 0; place < time; place++) {
        const joined = ((text * time + place) * kvHeads * group + head) * headDim;
        const split = ((row * group + member) * time + place) * headDim;
        const source = direction === 'split' ? joined : split;
        const target = direction === 'split' ? split : joined;
        if (cos && sin) turnRow(from, source, to, target, headDim / 2, cos, sin, firstTurn + place, sign);
        else for (let column = 0; column < headDim; column++) to[target + column] = from[source + column]!;
      }
    }
  }
}

/** Turn the pairs of one row by its place's angles, forwards or, with sign -1, backwards. */
function turnRow(
  from: Float32Array,
  source: number,
  to: Float32Array,
  target: number,
  half: number,
  cos: Float32Array,
  sin: Float32Array,
  place: number,
  sign: number,
): void {
  for (let pair = 0; pair < half; pair++) {
    const c = cos[place * half + pair]!;
    const s = sin[place * half + pair]! * sign;
    const left = from[source + pair]!;
    const right = from[source + half + pair]!;
    to[target + pair] = left * c - right * s;
    to[target + half + pair] = right * c + left * s;
  }
}
