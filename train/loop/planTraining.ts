import type { Contract } from '../../configs/contract.js';
import type { RunConfig } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import type { ExampleFile } from '../../data/arrow/openExamples.js';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.js';
import { packs } from '../../model/pass/encodeChunk.js';
import { memoryBudget } from '../../model/memory/memoryBudget.js';
import { planMemory, smallestPeak, type MemoryPlan, type PlanFacts } from '../../model/memory/memoryPlan.js';
import { weightForm } from '../../model/load/weightForm.js';
import type { Model } from '../../model/layer/decoder.js';
import { adapterParameters, shapeOf } from '../../model/memory/shapeArithmetic.js';
import { poolShape } from './poolShape.js';

/**
 * Plan the memory of a run from its model, its settings and the lengths of its texts.
 * @param weights   how often each file's rows come in an epoch; once where left out
 * @param settings  a chunk size or a limit that they state is kept to
 * @throws UserError when the run cannot fit
 */
export async function planTraining(
  model: Model,
  tokenizer: Tokenizer,
  contract: Contract,
  settings: RunConfig,
  files: readonly ExampleFile[],
  weights?: readonly number[],
): Promise<MemoryPlan> {
  const { chunkTokens, memoryMegabytes } = settings.training;
  const facts: PlanFacts = {
    config: model.config,
    ...weightForm(model),
    traces: packs(model),
    adapterElements: adapterParameters(shapeOf(model.config, false), settings.lora.rank, settings.lora.targets),
    ...(await poolShape(tokenizer, contract, settings, files, weights)),
    processBytes: processBytes(model),
  };
  const budgetBytes = memoryMegabytes === 'auto' ? memoryBudget() : memoryMegabytes * 1e6;
  const fixed = chunkTokens === 'auto' ? {} : { chunkTokens };
  const plan = planMemory(facts, budgetBytes, fixed);
  if (plan) return plan;
  const [needed, allowed] = [smallestPeak(facts, fixed), budgetBytes].map((bytes) => `${Math.ceil(bytes / 1e6)} MB`);
  const what = chunkTokens === 'auto' ? 'this base' : `this base in chunks of ${chunkTokens} tokens`;
  const remedy = chunkTokens === 'auto' ? 'take a smaller base' : 'start a run with smaller training.chunkTokens';
  throw new UserError(
    memoryMegabytes === 'auto'
      ? `training ${what} needs at least ${needed} of memory and ${allowed} can be used; free some, or ${remedy}`
      : `training.memoryMegabytes must be at least ${needed} for ${what} and its pool; got ${allowed}`,
  );
}

/** Bytes that the process holds beside the weights, which are loaded by now. */
export function processBytes(model: Model): number {
  const { weightBytes } = weightForm(model);
  const weights = model.layers
    .flatMap((layer) => [layer.q, layer.k, layer.v, layer.o, layer.gate, layer.up, layer.down])
    .reduce((sum, { weight }) => sum + weight.shape[0] * weight.shape[1] * weightBytes, 0);
  return Math.max(3e8, process.memoryUsage().rss - weights);
}
