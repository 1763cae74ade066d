import { UserError } from '../../configs/userError.js';
import { tf } from '../../model/engine/tf.js';
import type { Gradients } from '../../model/pass/encodeChunk.js';
import type { Optimizer } from './optimizer.js';

/**
 * One update: mean over the pools, clip by global norm, apply. Frees the gradients.
 * Source: PyTorch `clip_grad_norm_`.
 * @param gradients  summed over `pools` pools
 * @param losses     one scalar a pool; freed
 * @returns mean loss in nats, and the gradient norm before clipping
 * @throws UserError when the loss or the gradient is not finite; the parameters are then unchanged
 */
export function applyUpdate(
  gradients: Gradients,
  losses: tf.Scalar[],
  optimizer: Optimizer,
  { learningRate, maxGradNorm, update }: { learningRate: number; maxGradNorm: number; update: number },
): { loss: number; gradNorm: number } {
  const pools = losses.length;
  const all = [...gradients.values()];
  try {
    const measured = tf.tidy(() => {
      const squares = tf.addN(all.map((gradient) => gradient.square().sum()));
      return tf.stack([tf.addN(losses).div(pools), squares.sqrt().div(pools)]);
    });
    const [loss, gradNorm] = measured.dataSync() as unknown as [number, number]; // the one wait for the device in an update
    measured.dispose();
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm))
      throw new UserError(
        `update ${update}: loss is ${loss} and gradient norm ${gradNorm}; lower optimizer.learningRate or raise loss.temperature`,
      );
    const scale = Math.min(1, maxGradNorm / (gradNorm + 1e-6)) / pools;
    const scaled = new Map([...gradients].map(([name, gradient]) => [name, tf.mul(gradient, scale)]));
    optimizer.update(scaled, learningRate);
    tf.dispose([...scaled.values()]);
    return { loss, gradNorm };
  } finally {
    tf.dispose([...all, ...losses]);
  }
}
