import type { Gradients } from '../../model/pass/encodeChunk.js';
import { tf } from '../../model/engine/tf.js';
import type { Model } from '../../model/layer/decoder.js';
import type { Parameters } from '../../model/layer/lora.js';
import { UserError } from '../../configs/userError.js';
import { addGradient } from '../../model/layer/thinMatrices.js';
import { poolGradient, type PoolOptions, type PoolTokens } from './poolGradient.js';

/** A plan that gives way when memory runs out. */
export type YieldingPlan = Pick<PoolOptions, 'chunkTokens' | 'keptBytes' | 'tracedLayers'>;

/**
 * `poolGradient`, which is done over with smaller chunks when the engine says that memory has run out. The pool, and so
 * the loss, stays what it is. A plan that gave way stays smaller.
 * @param plan    changed in place
 * @param onLess  told of the new size of a chunk
 * @returns the loss, scalar; the caller owns it
 * @throws UserError when a single text does not fit
 */
export function poolWithinMemory(
  model: Model,
  pool: PoolTokens,
  parameters: Parameters,
  options: Omit<PoolOptions, keyof YieldingPlan>,
  plan: YieldingPlan,
  into: Gradients,
  onLess: (chunkTokens: number) => void,
): tf.Scalar {
  const longest = Math.max(...[...pool.queries, ...pool.passages].map((ids) => ids.length));
  for (;;) {
    const made: Gradients = new Map();
    const engine = tf.engine();
    engine.startScope();
    let loss: tf.Scalar;
    try {
      loss = tf.keep(poolGradient(model, pool, parameters, { ...options, ...plan }, made));
      for (const gradient of made.values()) tf.keep(gradient);
    } catch (error) {
      engine.endScope(); // frees whatever the attempt has left
      if (!isOutOfMemory(error)) throw error;
      if (plan.chunkTokens <= longest && plan.keptBytes === 0 && !plan.tracedLayers)
        throw new UserError(
          `memory has run out with a single text of ${longest} tokens in the model; free some, or lower contract.passageMaxLength`,
        );
      plan.chunkTokens = Math.min(plan.chunkTokens, Math.max(longest, Math.floor(plan.chunkTokens / 2)));
      plan.keptBytes = 0;
      plan.tracedLayers = 0;
      onLess(plan.chunkTokens);
      continue;
    }
    engine.endScope();
    for (const [name, gradient] of made) addGradient(into, name, gradient);
    return loss;
  }
}

/** TensorFlow's words on the processor and on a card. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /\bOOM\b|RESOURCE_EXHAUSTED|out of memory|failed to allocate/i.test(error.message);
}
