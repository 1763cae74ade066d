import { capabilities } from '../engine/capabilities.js';
import { availableMemory, gpuMemory } from '../machine.js';

/** What may be left to other programs when nothing says how much memory to take. */
const share = 0.8;

/** Of what WebAssembly addresses, for its program and what its allocator leaves unused. */
export const spareBytes = 295e6;

/**
 * Memory that a computation may plan with, in bytes: of the card where the engine computes on one, else of what is
 * free now together with what this process has already.
 */
export function memoryBudget(): number {
  const { card, mostBytes } = capabilities();
  const ofCard = card ? gpuMemory() : undefined;
  if (ofCard !== undefined) return share * ofCard;
  return Math.min(mostBytes - spareBytes, process.memoryUsage().rss + share * availableMemory());
}
