import { capabilities } from '../engine/capabilities.js';
import { tf } from '../engine/tf.js';
import type { Model } from '../layer/decoder.js';
import type { ModelConfig } from '../modelConfig.js';
import { spareBytes } from './memoryBudget.js';

/**
 * Tokens, padding included, that can be encoded at one time beside all that the engine holds by now. It matters where
 * the engine addresses little memory, as WebAssembly does, however much the machine has.
 * @param asked    is not passed
 * @param longest  tokens of the longest text, which goes into the model alone if need be
 */
export function encodingTokens({ config }: Pick<Model, 'config'>, asked: number, longest: number): number {
  const { mostBytes } = capabilities();
  if (mostBytes === Infinity) return asked;
  const room = mostBytes - spareBytes - tf.memory().numBytes;
  const { shared, perToken } = encodingBytes(config, longest);
  return Math.min(asked, Math.max(longest, Math.floor((room - shared) / perToken)));
}

/**
 * Bytes that a layer takes at its fullest while padded texts are encoded, its input included: where scores of attention
 * are made, or behind the feed-forward half. Counted on bases of seven shapes, with and without an adapter, with texts of
 * four lengths.
 * @param time  places of each text
 */
export function encodingBytes(config: ModelConfig, time: number): { shared: number; perToken: number } {
  const { hidden, intermediate, heads, kvHeads, headDim } = config;
  const attention = 3 * heads * time + 2 * hidden + 4 * (heads + kvHeads) * headDim;
  const feedForward = 5 * intermediate + 6 * hidden + (3 * heads + 2 * kvHeads) * headDim;
  const maskAndRotary = (heads / kvHeads) * time ** 2 + 2 * time * headDim;
  const float = Float32Array.BYTES_PER_ELEMENT;
  return { shared: float * maskAndRotary, perToken: float * Math.max(attention, feedForward) };
}
