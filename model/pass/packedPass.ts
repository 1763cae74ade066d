import { layerDropout, type ChunkDropout } from '../layer/dropout.js';
import type { RowDropout } from '../engine/dropoutMask.js';
import type { PackedPlaces } from '../engine/fused/fusedOps.js';
import { tf } from '../engine/tf.js';
import {
  disposeTrace,
  finishLayer,
  fusedLayer,
  fusedLayerGradient,
  traceLayer,
  type LayerTrace,
  type PackedChunk,
} from '../layer/fusedLayer.js';
import type { Model } from '../layer/decoder.js';
import { inputRows, lengthOf, turnsOf, type Sequence } from './sequence.js';
import type { Stepwise } from './stepwise.js';
import type { Gradients } from '../layer/thinMatrices.js';
import { unitRowsGradient } from '../layer/unitRows.js';

/** A chunk's layer inputs or traces where its texts lie one behind the other without padding, on the fused engine. */
export interface PackedPass {
  kind: 'packed';
  chunk: PackedChunk;
  /** Of each layer its trace, or only its input, [tokens, hidden]. */
  layers: (LayerTrace | { x: tf.Tensor2D })[];
  /** Output of the last layer, [texts, hidden], or [tokens, hidden] where every place was asked for. */
  top: tf.Tensor2D;
  /** Place of each text's last token, int32 [texts]. */
  last: tf.Tensor1D;
}

export interface PackedOptions {
  /** Keep what the gradient needs: the input of every layer and, for as many of the upper layers, the whole trace. */
  keep?: { traces: number };
  everyPlace?: boolean;
  dropout?: ChunkDropout | undefined;
}

/** Texts through all layers, one behind the other. Freed by `disposePacked`. */
export function* runPacked(
  model: Model,
  texts: readonly Sequence[],
  { keep, everyPlace, dropout }: PackedOptions,
): Stepwise<PackedPass> {
  const { layers, config } = model;
  const places = lastPlaces(texts);
  const chunk = { places: packedPlaces(texts, model), config, dropout: packedDropout(texts, places, dropout) };
  const last = tf.tensor1d(places, 'int32');
  const kept: PackedPass['layers'] = [];
  let state = inputRows(model, texts);
  for (const [layer, weights] of layers.entries()) {
    if (layer > 0) yield;
    const only = layer === layers.length - 1 && !everyPlace ? last : undefined;
    if (keep && layer >= layers.length - keep.traces) {
      const trace = traceLayer(state, weights, chunk, only);
      kept.push(trace);
      state = finishLayer(trace, weights, chunk, only);
      continue;
    }
    const output = fusedLayer(state, weights, chunk, only);
    if (keep) kept.push({ x: state });
    else state.dispose();
    state = output;
  }
  return { kind: 'packed', chunk, layers: kept, top: state, last };
}

/** Send the gradient of the embeddings back layer by layer; a layer without a trace is traced again. Consumes the pass's layers. */
export function* backwardPacked(
  model: Model,
  pass: PackedPass,
  upstream: tf.Tensor2D,
  into: Gradients,
): Stepwise<void> {
  const { chunk, layers, top, last } = pass;
  let dState: tf.Tensor2D | undefined = unitRowsGradient(top, upstream, model);
  for (let layer = model.layers.length - 1; layer >= 0; layer--) {
    const weights = model.layers[layer]!;
    const only = layer === model.layers.length - 1 ? last : undefined;
    const kept = layers.pop()!;
    const trace = 'both' in kept ? kept : traceLayer(kept.x, weights, chunk, only);
    dState = fusedLayerGradient(dState!, trace, layer, weights, chunk, into, { only, needsInput: layer > 0 });
    yield;
  }
}

/** Free what is left of a pass. */
export function disposePacked({ chunk, layers, top, last }: PackedPass): void {
  for (const kept of layers) {
    if ('both' in kept) disposeTrace(kept);
    else kept.x.dispose();
  }
  tf.dispose([top, last, chunk.places.cosines, chunk.places.sines, chunk.places.starts]);
  tf.dispose([chunk.dropout.all.keys, chunk.dropout.last.keys]);
}

function packedPlaces(texts: readonly Sequence[], model: Model): PackedPlaces {
  const { cos, sin } = turnsOf(model, texts);
  const starts = [0];
  for (const text of texts) starts.push(starts.at(-1)! + lengthOf(text));
  return { cosines: cos, sines: sin, starts: tf.tensor1d(starts, 'int32') };
}

function packedDropout(
  texts: readonly Sequence[],
  last: number[],
  dropout: ChunkDropout | undefined,
): PackedChunk['dropout'] {
  const lengths = texts.map(lengthOf);
  const { all, last: ofLast } = dropout ? layerDropout(dropout, lengths, last) : { all: noDropout, last: noDropout };
  const onDevice = ({ rate, keys }: RowDropout) => ({
    rate,
    keys: tf.tensor2d(keys, [keys.length / 2, 2], 'int32'),
  });
  return { all: onDevice(all), last: onDevice(ofLast) };
}

const noDropout: RowDropout = { rate: 0, keys: new Int32Array(0) };

function lastPlaces(texts: readonly Sequence[]): number[] {
  let end = 0;
  return texts.map((text) => (end += lengthOf(text)) - 1);
}
