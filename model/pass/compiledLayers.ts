import { tf } from '../engine/tf.js';
import type { Model } from '../layer/decoder.js';
import { layerDropout, type ChunkDropout } from '../layer/dropout.js';
import { compiledChunk, disposeCompiledChunk } from '../layer/xla/compiledChunk.js';
import { disposeActivations, fillRows, finishLayer, layerGradient, forwardLayer } from '../layer/xla/compiledLayer.js';
import type { PackedLayers } from './packedLayers.js';
import { lastPlaces, lengthOf, ownTurnsOf, type Sequence } from './sequence.js';

/** Layers in functions compiled by XLA. Their rows are filled up with rows of zeros, so that few shapes are compiled for. */
export function compiledLayers(
  model: Model,
  texts: readonly Sequence[],
  dropout: ChunkDropout | undefined,
): PackedLayers {
  const lengths = texts.map(lengthOf);
  const ownTurns = ownTurnsOf(model, texts);
  const chunk = compiledChunk(lengths, {
    ...{ config: model.config, weights: model.layers[0]! },
    ...(dropout && { dropout: layerDropout(dropout, lengths, lastPlaces(texts)) }),
    ...(ownTurns && { ownTurns }),
  });
  if (ownTurns) tf.dispose([ownTurns.cos, ownTurns.sin]);
  return {
    held: chunk,
    open: (x) => fillRows(x, chunk.filled),
    run(x, weights, last) {
      const activations = forwardLayer(x, weights, chunk, { last });
      const output = finishLayer(activations, weights, chunk, { last });
      disposeActivations(activations, { keepInput: true });
      return output;
    },
    forwardSaving(x, weights, last) {
      const activations = forwardLayer(x, weights, chunk, { last });
      return {
        held: activations,
        finish: () => finishLayer(activations, weights, chunk, { last }),
        backward: (upstream, layer, into, needsInput) =>
          layerGradient(upstream, activations, layer, weights, chunk, into, { last, needsInput }),
        dispose: () => disposeActivations(activations),
      };
    },
    close(y, last) {
      const wanted = tf.slice(y, [0, 0], [last ? chunk.texts : chunk.tokens, y.shape[1]]);
      y.dispose();
      return wanted;
    },
    closeGradient: (dY, last) => fillRows(dY, last ? chunk.filledTexts : chunk.filled),
    dispose: () => disposeCompiledChunk(chunk),
  };
}
