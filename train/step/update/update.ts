import { UserError } from '../../../configs/userError.js';
import { tf } from '../../../model/engine/tf.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import { alikeGroups } from './alikeGroups.js';
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
  const groups = alikeGroups(gradients);
  try {
    const measured = tf.tidy(() => {
      const squares = groups.map(({ names }) =>
        tf
          .stack(names.map((name) => gradients.get(name)!))
          .square()
          .sum(),
      );
      return tf.stack([tf.addN(losses), tf.addN(squares)]);
    });
    const [sum, squares] = measured.dataSync() as unknown as [number, number]; // the one wait for the device in an update
    measured.dispose();
    const [loss, gradNorm] = [Math.fround(sum / pools), Math.fround(Math.fround(Math.sqrt(squares)) / pools)];
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm))
      throw new UserError(
        `update ${update}: loss is ${loss} and gradient norm ${gradNorm}; lower optimizer.learningRate or raise loss.temperature`,
      );
    const scale = Math.min(1, maxGradNorm / (gradNorm + 1e-6)) / pools;
    optimizer.update(gradients, learningRate, scale);
    return { loss, gradNorm };
  } finally {
    tf.dispose([...all, ...losses]);
  }
}
