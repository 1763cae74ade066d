import { multiplyBatch } from './engine/multiply.js';
import { tf } from './engine/tf.js';
import type { ModelConfig } from './modelConfig.js';
import { rotate, rotaryTables, type Rotary } from './rotary.js';

/** What attention needs to know of the places of a batch whose rows all have `time` places, padding last. */
export interface Places {
  batch: number;
  time: number;
  /** Rotary tables of the queries hold the factor 1 / sqrt(headDim) too. */
  queryRotary: Rotary;
  keyRotary: Rotary;
  /** Added to scores, [group * time, time]: 0 where a place may look, -1e9 where it may not. */
  mask: tf.Tensor2D;
}

/**
 * Tables for one batch. Padding stands behind the text, so the causal mask alone keeps it out of sight.
 * @returns tensors that the caller owns
 */
export function makePlaces(batch: number, time: number, config: ModelConfig): Places {
  const { headDim, ropeTheta, heads, kvHeads } = config;
  const group = heads / kvHeads;
  const mask = new Float32Array(group * time * time);
  for (let row = 0; row < group * time; row++) mask.fill(-1e9, row * time + (row % time) + 1, (row + 1) * time);
  return {
    batch,
    time,
    queryRotary: rotaryTables(time, headDim, ropeTheta, headDim ** -0.5),
    keyRotary: rotaryTables(time, headDim, ropeTheta),
    mask: tf.tensor2d(mask, [group * time, time]),
  };
}

/** Free what `makePlaces` made. */
export function disposePlaces({ queryRotary, keyRotary, mask }: Places): void {
  tf.dispose([queryRotary.cos, queryRotary.sin, keyRotary.cos, keyRotary.sin, mask]);
}

/**
 * Causal grouped-query attention. The query heads that share a key head are laid one after the other along time,
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
  config: ModelConfig,
): tf.Tensor2D {
  const { batch, time, queryRotary, keyRotary, mask } = places;
  const { heads, kvHeads, headDim } = config;
  const group = heads / kvHeads;
  return tf.tidy(() => {
    const turnedQ = rotate(q.reshape([batch, time, kvHeads, group, headDim]).transpose([0, 2, 3, 1, 4]), queryRotary);
    const turnedK = rotate(byHead(k, places, config), keyRotary);
    const mixed = attend(
      turnedQ.reshape([batch * kvHeads, group * time, headDim]),
      turnedK.reshape([batch * kvHeads, time, headDim]),
      byHead(v, places, config).reshape([batch * kvHeads, time, headDim]),
      mask,
    );
    return mixed
      .reshape([batch, kvHeads, group, time, headDim])
      .transpose([0, 3, 1, 2, 4])
      .reshape([batch * time, heads * headDim]);
  });
}

/** [batch * time, kvHeads * headDim] to [batch, kvHeads, time, headDim]. */
function byHead(x: tf.Tensor2D, { batch, time }: Places, { kvHeads, headDim }: ModelConfig): tf.Tensor4D {
  return x.reshape<tf.Tensor4D>([batch, time, kvHeads, headDim]).transpose([0, 2, 1, 3]);
}

/** softmax(q kᵀ + mask) v, keeping the probabilities alone for the gradient. */
function attend(q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor3D {
  const op = tf.customGrad((...inputs) => {
    const [q, k, v, save] = inputs as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.GradSaveFunc];
    const shares = tf.softmax(multiplyBatch(q, k, false, true).add<tf.Tensor3D>(mask)); // [batch, group * time, time]
    save([q, k, v, shares]);
    return {
      value: multiplyBatch(shares, v),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [q, k, v, shares] = saved as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
        const upstream = dy as tf.Tensor3D;
        const dShares = multiplyBatch(upstream, v, false, true).mul<tf.Tensor3D>(shares);
        const dScores = dShares.sub<tf.Tensor3D>(shares.mul(dShares.sum(2, true)));
        return [
          multiplyBatch(dScores, k),
          multiplyBatch(dScores, q, true, false),
          multiplyBatch(shares, upstream, true, false),
        ];
      },
    };
  });
  return op(q, k, v) as tf.Tensor3D;
}
