import type { ModelConfig } from '../modelConfig.js';

/** What saved activations take depends on. */
export interface ActivationForm {
  config: ModelConfig;
  /** Are texts padded, and what is saved of a layer its tape? */
  keepsTapes?: boolean;
  /** Tokens of the longest text. */
  longestText: number;
  /** Bytes of a number of those between products. */
  activationBytes: 2 | 4;
}

const float = Float32Array.BYTES_PER_ELEMENT;

/** Bytes of the layer inputs that a pass over so many tokens keeps. */
export function inputBytes({ hidden, layers }: ModelConfig, tokens: number): number {
  return float * tokens * hidden * layers;
}

/**
 * Bytes that the saved activations of the upper layers hold beside the layers' inputs. Behind the attention the last layer has one row
 * for each text.
 */
export function activationsBytes(form: ActivationForm, layers: number, tokens: number, texts: number): number {
  if (layers === 0) return 0;
  if (form.keepsTapes) return layers * tapeBytes(form, tokens);
  const { heads, kvHeads, headDim } = form.config;
  const behind = layerActivationBytes(form, 1) - form.activationBytes * (heads + 2 * kvHeads) * headDim;
  return layers * layerActivationBytes(form, tokens) - behind * (tokens - texts);
}

/**
 * Bytes that the tape of a padded layer's forward pass holds: every value and mask that a gradient wants. Counted on bases of seven
 * shapes with texts of two lengths, 5 % less with dropout; a third of it less without.
 */
export function tapeBytes({ config, longestText }: ActivationForm, tokens: number): number {
  const { hidden, intermediate, heads, kvHeads, headDim } = config;
  const numbers = 28 * hidden + 9.5 * intermediate + 9 * (heads + kvHeads) * headDim + heads * longestText;
  return float * tokens * numbers;
}

/** Bytes that the saved activations of a layer hold beside its input; what is added up over layers is float32 among them. */
export function layerActivationBytes({ config, activationBytes }: ActivationForm, tokens: number): number {
  const { hidden, heads, kvHeads, headDim, intermediate } = config;
  return tokens * (activationBytes * ((2 * heads + 2 * kvHeads) * headDim + 2 * intermediate) + float * hidden);
}
