import type { Places } from '../../model/attention.js';
import { tf } from '../../model/engine/tf.js';
import { decoderLayer } from '../../model/layer.js';
import { rmsNorm } from '../../model/rmsNorm.js';
import type { TrainableDecoder } from './demoDecoder.js';

/**
 * Mean cross-entropy of each next token, in nats. Call under a tape: every weight of the decoder gets a gradient.
 * @param inputs   token ids, int32 [batch * time]
 * @param targets  the token that follows each, int32 [batch * time]
 * @returns        scalar
 */
export function languageLoss(
  { embedding, layers, finalNorm, config }: TrainableDecoder,
  inputs: tf.Tensor1D,
  targets: tf.Tensor1D,
  places: Places,
): tf.Scalar {
  let state = tf.gather(embedding, inputs) as tf.Tensor2D;
  for (const weights of layers) state = decoderLayer(state, weights, places, config);
  return crossEntropy(rmsNorm(state, finalNorm, config.normEpsilon), embedding, targets);
}

/** Cross-entropy of softmax(x Eᵀ). The gradient is softmax minus target, so the logits are not differentiated on the tape. */
function crossEntropy(x: tf.Tensor2D, embedding: tf.Tensor2D, targets: tf.Tensor1D): tf.Scalar {
  const op = tf.customGrad((...inputs) => {
    const [x, embedding, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const rows = x.shape[0];
    const target = tf.oneHot(targets, embedding.shape[0]) as tf.Tensor2D;
    const logShares = tf.logSoftmax(tf.matMul(x, embedding, false, true)); // [rows, vocabulary]
    const dLogits = logShares.exp().sub(target).div<tf.Tensor2D>(rows);
    save([x, embedding, dLogits]);
    return {
      value: logShares.mul(target).sum().div<tf.Scalar>(-rows),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, embedding, dLogits] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        return [tf.matMul(dLogits, embedding).mul(dy), tf.matMul(dLogits, x, true, false).mul(dy)];
      },
    };
  });
  return op(x, embedding) as tf.Scalar;
}
