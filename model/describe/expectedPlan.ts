import type { BaseShape } from '../../configs/load/baseFile.js';
import type { RunConfig } from '../../configs/schema.js';
import { capabilities } from '../engine/capabilities.js';
import { engineFacts } from '../memory/engineFacts.js';
import { memoryBudget, processBytes } from '../memory/memoryBudget.js';
import { planMemory, smallestPeak, type MemoryPlan, type PlanFacts } from '../memory/memoryPlan.js';
import { adapterParameters, configOf } from '../memory/shapeArithmetic.js';

/** Tokens of the usual query and passage of MS MARCO, prefix and end-of-text included. */
export const usual = { query: 10, passage: 80 };

/**
 * The memory plan of a training whose base is not loaded yet, on the engine that runs, with texts as long as MS MARCO's.
 * @returns the plan, or the bytes that even the smallest way would take beyond what this machine has free
 */
export function expectedPlan(
  shape: BaseShape,
  { lora, contract, training }: RunConfig,
): MemoryPlan | { needs: number } {
  const { queriesPerPool, passagesPerQuery, chunkTokens, memoryMegabytes } = training;
  const passages = queriesPerPool * passagesPerQuery;
  const { fusedOps, compiledLayers } = capabilities();
  const facts: PlanFacts = {
    ...engineFacts(configOf(shape), contract, fusedOps || compiledLayers),
    adapterElements: adapterParameters(shape, lora.rank, lora.targets),
    poolTokens: queriesPerPool * usual.query + passages * Math.min(usual.passage, contract.passageMaxLength),
    poolQueries: queriesPerPool,
    poolPassages: passages,
    longestText: Math.max(contract.queryMaxLength, contract.passageMaxLength),
    processBytes: processBytes(),
  };
  const budgetBytes = memoryMegabytes === 'auto' ? memoryBudget() : memoryMegabytes * 1e6;
  const fixed = chunkTokens === 'auto' ? {} : { chunkTokens };
  return planMemory(facts, budgetBytes, fixed) ?? { needs: smallestPeak(facts, fixed) };
}
