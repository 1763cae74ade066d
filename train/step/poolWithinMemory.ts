import type { Gradients } from '../../model/pass/encodeChunk.js';
import { longestOf } from '../../model/pass/sequence.js';
import type { Stepwise } from '../../model/pass/stepwise.js';
import { tf } from '../../model/engine/tf.js';
import type { Model } from '../../model/layer/decoder.js';
import type { Parameters } from '../../model/layer/lora.js';
import { UserError } from '../../configs/userError.js';
import { addGradient } from '../../model/layer/stackedLora.js';
import { isOutOfMemory } from '../../model/engine/native/isOutOfMemory.js';
import { lossBlockElements } from '../../model/memory/memoryPlan.js';
import { poolGradient, type Attempt, type PoolOptions, type PoolPlan, type PoolTokens } from './poolGradient.js';

/**
 * `poolGradient` whose steps give way when the engine says that memory has run out: that step is done over in smaller
 * parts, the ones before it stand. The pool, its masks, and so the loss, stay what they are. A plan that gave way stays
 * smaller. Where the work is given up, all that it held is freed.
 * @param plan    changed in place
 * @param onLess  told of the new size of a chunk
 * @returns the loss, scalar; the caller owns it
 * @throws UserError when a single text does not fit
 */
export function* poolWithinMemory(
  model: Model,
  pool: PoolTokens,
  parameters: Parameters,
  options: PoolOptions,
  plan: PoolPlan,
  into: Gradients,
  onLess: (chunkTokens: number) => void,
): Stepwise<tf.Scalar> {
  const longest = longestOf([...pool.queries, ...pool.passages]);
  const giveWay = { passes: () => lessForPasses(plan, longest), loss: () => lessForLoss(plan, pool) };
  const attempt: Attempt = function* (step, work) {
    for (;;) {
      const found = yield* inScope(work(plan), isOutOfMemory);
      if (found) return found;
      giveWay[step]();
      onLess(plan.chunkTokens);
    }
  };
  const made: Gradients = new Map();
  const { loss, gradients } = (yield* inScope(
    (function* () {
      const loss = yield* poolGradient(model, pool, parameters, options, attempt, made);
      return { loss, gradients: Object.fromEntries(made) };
    })(),
  ))!;
  for (const [name, gradient] of Object.entries(gradients)) addGradient(into, name, gradient);
  return loss;
}

/**
 * Work in a scope of its own: what it leaves beside its result is freed, also when it fails.
 * @param isExpected  failures that end in undefined
 */
function* inScope<T extends object>(
  work: Stepwise<T>,
  isExpected: (error: unknown) => boolean = () => false,
): Stepwise<T | undefined> {
  const engine = tf.engine();
  engine.startScope();
  let found: T | undefined;
  try {
    return (found = yield* work);
  } catch (error) {
    if (!isExpected(error)) throw error;
    return undefined;
  } finally {
    engine.endScope(found as tf.TensorContainer | undefined);
  }
}

function lessForPasses(plan: PoolPlan, longest: number): void {
  if (plan.chunkTokens <= longest && plan.keptBytes === 0 && !plan.savedLayers)
    throw new UserError(
      `memory has run out with a single text of ${longest} tokens in the model; free some, or lower contract.passageMaxLength`,
    );
  plan.chunkTokens = Math.min(plan.chunkTokens, Math.max(longest, Math.floor(plan.chunkTokens / 2)));
  plan.keptBytes = 0;
  plan.savedLayers = 0;
}

function lessForLoss(plan: PoolPlan, { queries, passages }: PoolTokens): void {
  if (plan.keptBytes > 0) {
    plan.keptBytes = 0;
    return;
  }
  const now = plan.blockElements ?? lossBlockElements;
  if (now < 2 * passages.length)
    throw new UserError(
      `memory has run out in the loss of ${queries.length} queries x ${passages.length} passages; free some, or lower training.queriesPerPool`,
    );
  plan.blockElements = Math.floor(Math.min(now, queries.length * passages.length) / 2);
}
