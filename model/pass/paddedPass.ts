import { disposePlaces, makePlaces, type Places } from '../layer/attention.js';
import { forgetDropout, layerDropout, sendDropout, type ChunkDropout, type LayerDropout } from '../layer/dropout.js';
import { tf } from '../engine/tf.js';
import { fillWith } from '../engine/withNumber.js';
import { placesOf } from '../layer/takeRows.js';
import { decoderLayer, type LayerWeights } from '../layer/paddedLayer.js';
import type { Model } from '../layer/decoder.js';
import type { Parameters } from '../layer/lora.js';
import { addGradient, type Gradients } from '../layer/stackedLora.js';
import { inputRows, lengthOf, longestOf, paddedTo, turnsOf, type Sequence } from './sequence.js';
import type { Stepwise } from './stepwise.js';
import { disposeTape, gradientsOfTape, keepTape, type KeptTape } from './keptTape.js';
import { tapedGradients } from './tapedGradients.js';
import { unitRowsGradient } from '../layer/unitRows.js';

/** A chunk's layer inputs where its texts are padded to the longest; works on every engine. */
export interface PaddedPass {
  kind: 'padded';
  /** Input of each layer, [batch * time, hidden], and behind them the output of the last layer, [batch, hidden]. */
  states: tf.Tensor2D[];
  /** Of each layer the tape of its forward pass, where that was kept. */
  tapes: (KeptTape | undefined)[];
  places: Places;
  /** Place of each text's last token among the batch * time places, int32 [batch]. */
  last: tf.Tensor1D;
  dropout: LayerDropout | undefined;
}

export interface RunOptions {
  /** Keep the input of every layer, not only the output of the last one, and the tapes of the upper ones. */
  keep?: { savedLayers: number };
  /** Take the last layer's output at every place, not only at the last token of each text. */
  everyPlace?: boolean;
  dropout?: ChunkDropout | undefined;
}

/** Texts through all layers, padded to the longest. Freed by `disposePadded`. */
export function* runPadded(
  model: Model,
  texts: readonly Sequence[],
  { keep, everyPlace, dropout: asked }: RunOptions,
): Stepwise<PaddedPass> {
  const { config, layers } = model;
  const time = longestOf(texts);
  const padded = texts.map((text) => paddedTo(text, time, config));
  const places = makePlaces(texts.length, time, config, (scale) => turnsOf(model, padded, scale));
  const lastPlaces = texts.map((text, row) => row * time + lengthOf(text) - 1);
  const last = placesOf(lastPlaces);
  const dropout =
    asked &&
    sendDropout(
      layerDropout(
        asked,
        texts.map(() => time),
        lastPlaces,
      ),
    );
  const states = [inputRows(model, padded)];
  const tapes: PaddedPass['tapes'] = [];
  for (const [layer, weights] of layers.entries()) {
    const input = states.at(-1)!;
    const only = weights === layers.at(-1) && !everyPlace ? last : undefined;
    const run = () => decoderLayer(input, weights, places, config, dropout, only);
    const { y, tape } = keep && layer >= layers.length - keep.savedLayers ? keepTape(run) : { y: tf.tidy(run) };
    tapes.push(tape);
    if (!keep) states.pop()!.dispose();
    states.push(y);
    yield;
  }
  return { kind: 'padded', states, tapes, places, last, dropout };
}

/**
 * Send the gradient of the embeddings back, one layer at a time: each whose tape was not kept is computed again under
 * one, so that no more than one such layer's intermediates are ever alive. Consumes the states and tapes.
 * @returns the gradient for what the first layer reads, [batch * time, hidden]; the caller owns it
 */
export function* backwardPadded(
  model: Model,
  { states, tapes, places, last, dropout }: PaddedPass,
  upstream: tf.Tensor2D,
  parameters: Parameters,
  into: Gradients,
): Stepwise<tf.Tensor2D> {
  const top = states.pop()!;
  let dState = unitRowsGradient(top, upstream, model);
  top.dispose();
  for (let layer = model.layers.length - 1; layer >= 0; layer--) {
    const only = layer === model.layers.length - 1 ? last : undefined;
    const input = states.pop()!;
    const weights = withoutValue(model.layers[layer]!);
    const names = [...parameters.keys()].filter((name) => name.startsWith(`layers.${layer}.`));
    const variables = names.map((name) => parameters.get(name)!);
    const tape = tapes.pop();
    const again = (x: tf.Tensor) => decoderLayer(x as tf.Tensor2D, weights, places, model.config, dropout, only);
    const xs = [input, ...variables];
    const [dInput, ...gradients] = tf.tidy(() =>
      tape ? gradientsOfTape(tape, xs, dState) : tapedGradients(again, xs, dState),
    );
    tf.dispose([input, dState]);
    dState = dInput as tf.Tensor2D;
    names.forEach((name, index) => addGradient(into, name, gradients[index]!));
    yield;
  }
  return dState;
}

/**
 * The layer with the right gradient and a wrong value: its last product, a quarter of all, is only added to what comes
 * out, and nothing of the gradient depends on it.
 */
function withoutValue(weights: LayerWeights): LayerWeights {
  const { weight } = weights.down;
  if (weight instanceof tf.Tensor) return weights;
  const forward = (x: tf.Tensor2D) => fillWith<tf.Tensor2D>([x.shape[0], weight.shape[0]], 0);
  return { ...weights, down: { ...weights.down, weight: { ...weight, forward } } };
}

/** Free what is left of a pass. */
export function disposePadded({ states, tapes, places, last, dropout }: PaddedPass): void {
  for (const tape of tapes) if (tape) disposeTape(tape);
  tf.dispose([...states, last]);
  if (dropout) forgetDropout(dropout);
  disposePlaces(places);
}
