import { usesGpu } from '../engine/product/multiplySpeed.js';
import { tf } from '../engine/tf.js';
import { availableMemory, gpuMemory } from '../machine.js';

/** What may be left to other programs when nothing says how much memory to take. */
const share = 0.8;

/** WebAssembly addresses no more, in bytes; beyond it its memory is written over, without an error. */
const mostOfWasm = 4e9;

/**
 * Memory that a computation may plan with, in bytes: of the card where the engine computes on one, else of what is
 * free now together with what this process has already.
 */
export function memoryBudget(): number {
  const card = tf.getBackend() === 'tensorflow' && usesGpu() ? gpuMemory() : undefined;
  if (card !== undefined) return share * card;
  const most = tf.getBackend() === 'wasm' ? mostOfWasm : Infinity;
  return Math.min(most, process.memoryUsage().rss + share * availableMemory());
}
