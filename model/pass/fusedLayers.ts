import { matrixName } from '../../checkpoints/adapter/names.js';
import type { Projection } from '../../configs/schema.js';
import type { PackedPlaces } from '../engine/fused/fusedOps.js';
import { tf } from '../engine/tf.js';
import type { Model } from '../layer/decoder.js';
import { layerDropout, nothingDropped, packedRows, type ChunkDropout } from '../layer/dropout.js';
import {
  blockGradient,
  disposeActivations,
  finishBlock,
  forwardBlock,
  groupOf,
  runBlock,
  type BlockActivations,
  type FusedBlock,
  type PackedChunk,
} from '../layer/fused/fusedBlock.js';
import type { LayerWeights } from '../layer/paddedLayer.js';
import type { PackedLayers, SavedLayer } from './packedLayers.js';
import { lastPlaces, lengthOf, turnsOf, type Sequence } from './sequence.js';

interface FusedLayers extends PackedLayers {
  /** A layer by the activations it saved for these texts. Takes them over. */
  resume(activations: BlockActivations, weights: LayerWeights, last: boolean): SavedLayer;
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
    const block = blockOf(weights);
    return {
      held: activations,
      finish: () => finishBlock(activations, block, chunk, only),
      backward: (upstream, layer, into, needsInput) =>
        blockGradient(upstream, activations, block, chunk, into, (target) => matrixName(layer, target as Projection), {
          only,
          needsInput,
        }),
      dispose: () => disposeActivations(activations),
    };
  };
  return {
    held: { chunk, lastRows },
    open: (x) => x,
    run: (x, weights, last) => runBlock(x, blockOf(weights), chunk, onlyWhere(last)),
    forwardSaving: (x, weights, last) =>
      resume(forwardBlock(x, blockOf(weights), chunk, onlyWhere(last)), weights, last),
    resume,
    close: (y) => y,
    closeGradient: (dY) => dY,
    dispose() {
      tf.dispose([lastRows, chunk.places.cosines, chunk.places.sines, chunk.places.starts]);
      tf.dispose([chunk.dropout.all.keys, chunk.dropout.last.keys]);
    },
  };
}

const blockOf = (weights: LayerWeights): FusedBlock => ({
  attentionNorm: weights.inputNorm,
  feedForwardNorm: weights.postAttentionNorm,
  qkv: groupOf(weights, 'q', 'k', 'v'),
  out: groupOf(weights, 'o'),
  gateUp: groupOf(weights, 'gate', 'up'),
  down: groupOf(weights, 'down'),
});

function packedPlaces(texts: readonly Sequence[], model: Model): PackedPlaces {
  const { cos, sin } = turnsOf(model, texts);
  const starts = [0];
  for (const text of texts) starts.push(starts.at(-1)! + lengthOf(text));
  return { cosines: cos, sines: sin, starts: tf.tensor1d(starts, 'int32'), isCausal: true };
}

function packedDropout(
  texts: readonly Sequence[],
  last: number[],
  dropout: ChunkDropout | undefined,
): PackedChunk['dropout'] {
  const lengths = texts.map(lengthOf);
  const { all, last: ofLast } = dropout
    ? layerDropout(dropout, lengths, last)
    : { all: nothingDropped, last: nothingDropped };
  return { all: packedRows(all), last: packedRows(ofLast) };
}
