import { UserError } from '../../configs/userError.js';
import { capabilities } from '../engine/capabilities.js';
import { nativeBackend } from '../engine/native/rawTensors.js';
import { availableMemory } from '../machine.js';

/** What may be left to other programs when nothing says how much memory to take. */
const share = 0.8;

/** Of what WebAssembly addresses, for its program and what its allocator leaves unused. */
export const spareBytes = 295e6;

/** CUDA's context, its libraries and what XLA has compiled, of the memory of a card: 1.65 GB on an H100. */
const cudaBytes = 1.7e9;

/** Node.js and TensorFlow, of the memory of the host. */
const leastProcessBytes = 3e8;

/**
 * Memory that a computation may plan with, in bytes: of the card where the engine computes on one, what was free before
 * TensorFlow started; else of what is free now together with what this process has already.
 * @throws UserError where a card computes whose driver does not tell
 */
export function memoryBudget(): number {
  const { card, mostBytes } = capabilities();
  if (!card) return Math.min(mostBytes - spareBytes, process.memoryUsage().rss + share * availableMemory());
  const told = nativeBackend().card();
  if (!told)
    throw new UserError('the NVIDIA driver does not tell how much memory is free; set training.memoryMegabytes');
  return share * told.freeBytes;
}

/**
 * Bytes that are taken of the memory which is planned with, frozen weights left out: of a card's by CUDA, of the host's by
 * this process.
 * @param loadedBytes  weights that this process holds by now
 */
export function processBytes(loadedBytes = 0): number {
  if (capabilities().card) return cudaBytes;
  return Math.max(leastProcessBytes, process.memoryUsage().rss - loadedBytes);
}

/** Of the memory of a card that weights leave, what the embedding table may take. */
const tableShare = 1 / 4;

/**
 * Should the embedding table lie on the device? On a card that has room: of a base of 7B it takes 1.1 GB. On the processor
 * its file is as near.
 * @param weightBytes  of the frozen matrices
 */
export function tableFits(tableBytes: number, weightBytes: number): boolean {
  if (!capabilities().card || !nativeBackend().card()) return false;
  return tableBytes <= tableShare * (memoryBudget() - processBytes() - weightBytes);
}

/** What is planned with, for people. */
export const memoryName = (): string => (capabilities().card ? 'memory of the card' : 'memory');
