import { tf } from '../../../model/engine/tf.js';

/**
 * How long the gradient of each embedding is as far as it turns the embedding: what would make it longer or shorter is
 * lost where embeddings are brought to unit length. Waits for the device.
 * @param embeddings  [texts, hidden], unit length
 * @param gradient    [texts, hidden]
 */
export function gradientLengths(embeddings: tf.Tensor2D, gradient: tf.Tensor2D): Float32Array {
  const lengths = tf.tidy(() => {
    const along = embeddings.mul(gradient).sum(1, true);
    return gradient.sub(embeddings.mul(along)).square().sum(1).sqrt();
  });
  const values = lengths.dataSync<'float32'>();
  lengths.dispose();
  return values;
}
