import type { BaseShape } from '../../configs/load/baseFile.js';
import type { RunConfig } from '../../configs/schema.js';
import { capabilities } from '../engine/capabilities.js';
import { engineFacts } from '../memory/engineFacts.js';
import { memoryBudget, processBytes } from '../memory/memoryBudget.js';
import { planMemory, smallestPeak, type MemoryPlan, type PlanFacts } from '../memory/memoryPlan.js';
import { configOf } from '../memory/shapeArithmetic.js';
import { towerBytes } from '../memory/towerBytes.js';
import { towerOf, trainedParameters } from '../memory/trainedParameters.js';

/** Tokens of the usual query and passage of MS MARCO, prefix and end-of-text included. */
export const usual = { query: 10, passage: 80 };

/**
 * The memory plan of a training whose base is not loaded yet, on the engine that runs, with texts as long as MS MARCO's.
 * @param pageTokens  every passage is an image of so many tokens, for bases that read images
 * @returns the plan, or the bytes that even the smallest way would take beyond what this machine has free
 */
export function expectedPlan(
  shape: BaseShape,
  { lora, contract, training }: RunConfig,
  pageTokens?: number,
): MemoryPlan | { needs: number } {
  const { queriesPerPool, passagesPerQuery, chunkTokens, memoryMegabytes } = training;
  const passages = queriesPerPool * passagesPerQuery;
  const { fusedOps, compiledLayers } = capabilities();
  const engine = engineFacts(configOf(shape), contract, fusedOps || compiledLayers);
  const tower = pageTokens === undefined ? undefined : towerOf(shape);
  const passage = pageTokens ?? Math.min(usual.passage, contract.passageMaxLength);
  const kept = engine.leavesNothing ? 0 : passages * passage * training.poolsPerUpdate;
  const facts: PlanFacts = {
    ...engine,
    ...(tower && {
      tower: towerBytes(tower, engine.weightBytes, passage, kept, {
        isAdapted: lora.tower ?? false,
        isFused: fusedOps,
      }),
    }),
    adapterElements: trainedParameters(shape, lora),
    poolTokens: queriesPerPool * usual.query + passages * passage,
    poolQueries: queriesPerPool,
    poolPassages: passages,
    longestText: Math.max(contract.queryMaxLength, contract.passageMaxLength) + (pageTokens ?? 0),
    processBytes: processBytes(),
  };
  const budgetBytes = memoryMegabytes === 'auto' ? memoryBudget() : memoryMegabytes * 1e6;
  const fixed = chunkTokens === 'auto' ? {} : { chunkTokens };
  return planMemory(facts, budgetBytes, fixed) ?? { needs: smallestPeak(facts, fixed) };
}
