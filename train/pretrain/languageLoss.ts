import type { Places } from '../../model/layer/attention.js';
import { nativeBackend } from '../../model/engine/native/rawTensors.js';
import { tf } from '../../model/engine/tf.js';
import { decoderLayer } from '../../model/layer/paddedLayer.js';
import { rmsNorm } from '../../model/layer/rmsNorm.js';
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
  let state: tf.Tensor2D = tf.gather(embedding, inputs);
  for (const weights of layers) state = decoderLayer(state, weights, places, config);
  return crossEntropy(rmsNorm(state, finalNorm, config.normEpsilon), embedding, targets);
}

/** Mean cross-entropy of softmax(x Eᵀ). Its operation gives the gradient of the logits along with the loss. */
export function crossEntropy(x: tf.Tensor2D, embedding: tf.Tensor2D, targets: tf.Tensor1D): tf.Scalar {
  const op = tf.customGrad((...inputs) => {
    const [x, embedding, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const logits = tf.matMul<tf.Tensor2D>(x, embedding, false, true); // [rows, vocabulary]
    const { losses, dLogits } = nativeBackend().softmaxCrossEntropy(logits, targets);
    save([x, embedding, dLogits]);
    return {
      value: losses.mean<tf.Scalar>(),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, embedding, dLogits] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        const each = dy.div<tf.Scalar>(x.shape[0]);
        return [tf.matMul(dLogits, embedding).mul(each), tf.matMul(dLogits, x, true, false).mul(each)];
      },
    };
  });
  return op(x, embedding);
}
