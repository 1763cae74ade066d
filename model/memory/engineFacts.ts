import type { Precision } from '../../configs/contract.js';
import { capabilities } from '../engine/capabilities.js';
import type { EmbeddingTable } from '../layer/embeddingTable.js';
import type { ModelConfig } from '../modelConfig.js';
import type { PlanFacts } from './memoryPlan.js';
import { tableFits } from './memoryBudget.js';
import { matricesOfLayer } from './shapeArithmetic.js';
import { weightForm } from './weightForm.js';

/** Tokens that starting the operations of a chunk costs as much as, measured on processors; there it hardly matters. */
const startTokensOfProcessor = 16;

/** Operations of a layer, there and back, that are started one by one: what a card waits for where chunks are small. */
export const operationsOfLayer = { packed: 114, padded: 568, compiled: 28 };

/** Seconds that starting an operation takes. */
const startSeconds = 25e-6;

/**
 * Operations on numbers in a second, those of an H100 in its products of two bytes a number. For a card that is slower
 * the plan takes chunks that are larger than need be, which costs it nothing.
 */
const speedOfCard = 6.4e14;

/**
 * What the engine that runs makes of a base's memory and time.
 * @param loaded  a model, or what one would be loaded with
 * @param packed  texts lie in the model without padding
 */
export function engineFacts(
  config: ModelConfig,
  loaded: { precision: Precision; embedding?: EmbeddingTable },
  packed: boolean,
): Pick<
  PlanFacts,
  | 'config'
  | 'activationBytes'
  | 'weightBytes'
  | 'casts'
  | 'savesActivations'
  | 'keepsTapes'
  | 'compiled'
  | 'tableBytes'
  | 'startTokens'
  | 'leavesNothing'
> {
  const { card, compiledLayers } = capabilities();
  const { embedding } = loaded;
  const form = weightForm(loaded);
  const compiled = packed && compiledLayers;
  const operations = operationsOfLayer[compiled ? 'compiled' : packed ? 'packed' : 'padded'];
  // Forward, forward again, and back through the inputs: two operations a weight each.
  const secondsOfToken = (3 * 2 * matricesOfLayer(config)) / speedOfCard;
  return {
    config,
    ...form,
    activationBytes: activationBytes(loaded, packed),
    casts: form.casts && !compiled, // XLA does, and its copies are in what its layers take
    tableBytes: embedding ? (embedding.onDevice?.bytes ?? 0) : expectedTableBytes(config, form.weightBytes),
    savesActivations: packed,
    keepsTapes: keepsTapes(packed),
    compiled: compiled ? (card ? 'card' : 'processor') : undefined,
    startTokens: card ? (operations * startSeconds) / secondsOfToken : startTokensOfProcessor,
    leavesNothing: card,
  };
}

/** Of a number of the activations between products: functions that XLA compiles have them in the weights' kind. */
export const activationBytes = (loaded: { precision: Precision }, packed: boolean): 2 | 4 =>
  packed && capabilities().compiledLayers && weightForm(loaded).weightBytes === 2 ? 2 : 4;

/** Is the tape of a padded layer kept where there is room? WebAssembly then trains 1.35 times as fast; measured there alone. */
export const keepsTapes = (packed: boolean): boolean => !packed && capabilities().valuesInPlace;

/** What the embedding table of a base that is not loaded would take on the device, two bytes a number as it is published. */
export function expectedTableBytes(config: ModelConfig, weightBytes: number): number {
  const bytes = 2 * config.vocabularySize * config.hidden;
  return tableFits(bytes, weightBytes * config.layers * matricesOfLayer(config)) ? bytes : 0;
}
