import { joinHeads, splitHeads, type HeadShape } from './heads.js';
import { multiplyBatch } from '../engine/product/multiply.js';
import { tf } from '../engine/tf.js';
import type { ModelConfig } from '../modelConfig.js';
import { rotaryTables, type Rotary } from './rotary.js';

/** What attention needs to know of the places of a batch whose rows all have `time` places, padding last. */
export interface Places {
  batch: number;
  time: number;
  /** Rotary tables of the queries hold the factor 1 / sqrt(headDim) too. */
  queryRotary: Rotary;
  keyRotary: Rotary;
  /** Added to scores, [group * time, time]: 0 where a place may look, -1e9 where it may not. Without it all see all. */
  mask?: tf.Tensor2D;
}

/**
 * Tables for one batch. Padding stands behind the text, so the causal mask alone keeps it out of sight.
 * @param turns  rotary tables of a scale, those of the first positions unless given
 * @returns tensors that the caller owns
 */
export function makePlaces(
  batch: number,
  time: number,
  config: ModelConfig,
  turns = (scale: number) => rotaryTables(time, config.headDim, config.ropeTheta, scale),
): Places {
  const { headDim, heads, kvHeads } = config;
  const group = heads / kvHeads;
  const mask = new Float32Array(group * time * time);
  for (let row = 0; row < group * time; row++) mask.fill(-1e9, row * time + (row % time) + 1, (row + 1) * time);
  return {
    batch,
    time,
    queryRotary: turns(headDim ** -0.5),
    keyRotary: turns(1),
    mask: tf.tensor2d(mask, [group * time, time]),
  };
}

/** Free what `makePlaces` made. */
export function disposePlaces({ queryRotary, keyRotary, mask }: Places): void {
  tf.dispose([queryRotary.cos, queryRotary.sin, keyRotary.cos, keyRotary.sin, ...(mask ? [mask] : [])]);
}

/**
 * Grouped-query attention, causal where the places have such a mask. The query heads that share a key head are laid one after the other along time,
 * so keys and values are never repeated.
 * Source: GQA (arXiv 2305.13245); Hugging Face `Qwen2Attention`.
 * @param q  [batch * time, heads * headDim]
 * @param k  [batch * time, kvHeads * headDim]
 * @param v  [batch * time, kvHeads * headDim]
 * @returns  [batch * time, heads * headDim]; the caller owns it
 */
export function attention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  places: Places,
  config: HeadCounts,
): tf.Tensor2D {
  const op = tf.customGrad((...inputs) => {
    const [q, k, v, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const attended = attend(q, k, v, places, config);
    save(attended);
    return {
      value: joinHeads(attended[4], shapesOf(places, config).queryShape),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        joinedGradient(dy as tf.Tensor2D, saved as tf.Tensor3D[] as Attended, places, config),
    };
  });
  return op(q, k, v);
}

/**
 * The gradient of `attention`, which is computed again: scores, by far the largest part, need not wait for it.
 * @param dY  gradient for what it gives
 * @returns   those for q, k and v. Call inside tf.tidy
 */
export function attentionGradient(
  dY: tf.Tensor2D,
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  places: Places,
  config: HeadCounts,
): [dQ: tf.Tensor2D, dK: tf.Tensor2D, dV: tf.Tensor2D] {
  return joinedGradient(dY, attend(q, k, v, places, config), places, config);
}

type HeadCounts = Pick<ModelConfig, 'heads' | 'kvHeads' | 'headDim'>;

function shapesOf({ batch, time }: Places, { heads, kvHeads, headDim }: HeadCounts) {
  const keyShape: HeadShape = { batch, time, kvHeads, group: 1, headDim };
  const queryShape: HeadShape = { ...keyShape, group: heads / kvHeads };
  return { keyShape, queryShape };
}

function attend(
  wholeQ: tf.Tensor2D,
  wholeK: tf.Tensor2D,
  wholeV: tf.Tensor2D,
  places: Places,
  config: HeadCounts,
): Attended {
  const { queryRotary, keyRotary, mask } = places;
  const { keyShape, queryShape } = shapesOf(places, config);
  const q = splitHeads(wholeQ, queryShape, queryRotary);
  const k = splitHeads(wholeK, keyShape, keyRotary);
  const v = splitHeads(wholeV, keyShape);
  const scores = multiplyBatch(q, k, false, true); // [rows, group * time, time]
  const shares = tf.softmax(mask ? scores.add<tf.Tensor3D>(mask) : scores);
  return [q, k, v, shares, multiplyBatch(shares, v)];
}

function joinedGradient(
  dY: tf.Tensor2D,
  attended: Attended,
  places: Places,
  config: HeadCounts,
): [dQ: tf.Tensor2D, dK: tf.Tensor2D, dV: tf.Tensor2D] {
  const { queryRotary, keyRotary } = places;
  const { keyShape, queryShape } = shapesOf(places, config);
  const { dQ, dK, dV } = attendGradient(splitHeads(dY, queryShape), attended);
  return [joinHeads(dQ, queryShape, queryRotary), joinHeads(dK, keyShape, keyRotary), joinHeads(dV, keyShape)];
}

/** Queries, keys, values, softmax(q kᵀ + mask) and that times v, by heads. */
type Attended = [q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D, shares: tf.Tensor3D, attentionOutput: tf.Tensor3D];

/** The sum that the gradient of softmax takes from each row, Σ shares · dShares, equals Σ attentionOutput · upstream, which is far narrower. */
function attendGradient(upstream: tf.Tensor3D, [q, k, v, shares, attentionOutput]: Attended) {
  const dShares = multiplyBatch(upstream, v, false, true);
  const dScores = dShares.sub(upstream.mul(attentionOutput).sum(2, true)).mul<tf.Tensor3D>(shares);
  return {
    dQ: multiplyBatch(dScores, k),
    dK: multiplyBatch(dScores, q, true, false),
    dV: multiplyBatch(shares, upstream, true, false),
  };
}
