import type { RowDropout } from '../engine/dropoutMask.js';
import type { PackedPlaces } from '../engine/fused/fusedOps.js';
import { tf } from '../engine/tf.js';
import type { Model } from '../layer/decoder.js';
import { layerDropout, type ChunkDropout } from '../layer/dropout.js';
import {
  disposeActivations,
  finishLayer,
  fusedLayer,
  fusedLayerGradient,
  forwardLayer,
  type LayerActivations,
  type PackedChunk,
} from '../layer/fusedLayer.js';
import type { LayerWeights } from '../layer/paddedLayer.js';
import type { PackedLayers, SavedLayer } from './packedLayers.js';
import { lastPlaces, lengthOf, turnsOf, type Sequence } from './sequence.js';

interface FusedLayers extends PackedLayers {
  /** A layer by the activations it saved for these texts. Takes them over. */
  resume(activations: LayerActivations, weights: LayerWeights, last: boolean): SavedLayer;
}

/** Layers in the fused operations of the processor. */
export function fusedLayers(model: Model, texts: readonly Sequence[], dropout: ChunkDropout | undefined): FusedLayers {
  const { config } = model;
  const places = lastPlaces(texts);
  const chunk: PackedChunk = {
    ...{ config, places: packedPlaces(texts, model) },
    dropout: packedDropout(texts, places, dropout),
  };
  const lastRows = tf.tensor1d(places, 'int32');
  const onlyWhere = (last: boolean) => (last ? lastRows : undefined);
  const resume: FusedLayers['resume'] = (activations, weights, last) => {
    const only = onlyWhere(last);
    return {
      held: activations,
      finish: () => finishLayer(activations, weights, chunk, only),
      backward: (upstream, layer, into, needsInput) =>
        fusedLayerGradient(upstream, activations, layer, weights, chunk, into, { only, needsInput }),
      dispose: () => disposeActivations(activations),
    };
  };
  return {
    held: { chunk, lastRows },
    open: (x) => x,
    run: (x, weights, last) => fusedLayer(x, weights, chunk, onlyWhere(last)),
    forwardSaving: (x, weights, last) => resume(forwardLayer(x, weights, chunk, onlyWhere(last)), weights, last),
    resume,
    close: (y) => y,
    closeGradient: (dY) => dY,
    dispose() {
      tf.dispose([lastRows, chunk.places.cosines, chunk.places.sines, chunk.places.starts]);
      tf.dispose([chunk.dropout.all.keys, chunk.dropout.last.keys]);
    },
  };
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
