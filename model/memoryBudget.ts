import { usesGpu } from './engine/multiplySpeed.js';
import { tf } from './engine/tf.js';
import { availableMemory, gpuMemory } from './machine.js';

/** What may be left to other programs when nothing says how much memory to take. */
const share = 0.8;

/**
 * Memory that a computation may plan with, in bytes: of the card where the engine computes on one, else of what is
 * free now together with what this process has already.
 */
export function memoryBudget(): number {
  const card = tf.getBackend() === 'tensorflow' && usesGpu() ? gpuMemory() : undefined;
  return card !== undefined ? share * card : process.memoryUsage().rss + share * availableMemory();
}
