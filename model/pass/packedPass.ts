import { capabilities } from '../engine/capabilities.js';
import { tf } from '../engine/tf.js';
import type { Model } from '../layer/decoder.js';
import type { ChunkDropout } from '../layer/dropout.js';
import type { Gradients } from '../layer/stackedLora.js';
import { unitRowsGradient } from '../layer/unitRows.js';
import { compiledLayers } from './compiledLayers.js';
import { fusedLayers } from './fusedLayers.js';
import type { PackedLayers, SavedLayer } from './packedLayers.js';
import { inputRows, type Sequence } from './sequence.js';
import type { Stepwise } from './stepwise.js';

/** A chunk's layer inputs or saved activations where its texts lie one behind the other without padding. */
export interface PackedPass {
  kind: 'packed';
  layers: PackedLayers;
  /** Of each layer the activations it saved, or only its input. */
  kept: (SavedLayer | { x: tf.Tensor2D })[];
  /** Output of the last layer, [texts, hidden], or [tokens, hidden] where every place was asked for. */
  top: tf.Tensor2D;
}

export interface PackedOptions {
  /** Keep what the gradient needs: the input of every layer and, for as many of the upper layers, all activations. */
  keep?: { savedLayers: number };
  everyPlace?: boolean;
  dropout?: ChunkDropout | undefined;
}

/** Texts through all layers, one behind the other. Freed by `disposePacked`. */
export function* runPacked(
  model: Model,
  texts: readonly Sequence[],
  { keep, everyPlace, dropout }: PackedOptions,
): Stepwise<PackedPass> {
  const count = model.layers.length;
  const open = capabilities().compiledLayers ? compiledLayers : fusedLayers;
  const layers = open(model, texts, dropout);
  const kept: PackedPass['kept'] = [];
  let state = layers.open(inputRows(model, texts));
  for (const [layer, weights] of model.layers.entries()) {
    if (layer > 0) yield;
    const last = layer === count - 1 && !everyPlace;
    if (keep && layer >= count - keep.savedLayers) {
      const saved = layers.forwardSaving(state, weights, last);
      kept.push(saved);
      state = saved.finish();
      continue;
    }
    const output = layers.run(state, weights, last);
    if (keep) kept.push({ x: state });
    else state.dispose();
    state = output;
  }
  return { kind: 'packed', layers, kept, top: layers.close(state, !everyPlace) };
}

/**
 * The backward pass, from the gradient of the embeddings layer by layer; a layer that saved none is computed again. Consumes
 * the pass's layers.
 * @returns the gradient for what the first layer reads, [tokens, hidden], where it is wanted; the caller owns it
 */
export function* backwardPacked(
  model: Model,
  { layers, kept, top }: PackedPass,
  upstream: tf.Tensor2D,
  into: Gradients,
  needsInput = false,
): Stepwise<tf.Tensor2D | undefined> {
  let dState: tf.Tensor2D | undefined = layers.closeGradient(unitRowsGradient(top, upstream, model), true);
  for (let layer = model.layers.length - 1; layer >= 0; layer--) {
    const weights = model.layers[layer]!;
    const held = kept.pop()!;
    const saved = 'x' in held ? layers.forwardSaving(held.x, weights, layer === model.layers.length - 1) : held;
    dState = saved.backward(dState!, layer, into, layer > 0 || needsInput);
    yield;
  }
  return dState && layers.close(dState, false);
}

/** Free what is left of a pass. */
export function disposePacked({ layers, kept, top }: PackedPass): void {
  for (const held of kept) {
    if ('x' in held) held.x.dispose();
    else held.dispose();
  }
  top.dispose();
  layers.dispose();
}
