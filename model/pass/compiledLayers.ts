import { tf } from '../engine/tf.js';
import type { Model } from '../layer/decoder.js';
import { layerDropout, type ChunkDropout } from '../layer/dropout.js';
import { compiledChunk, disposeCompiledChunk } from '../layer/xla/compiledChunk.js';
import { disposeTrace, fillRows, finishLayer, layerGradient, traceLayer } from '../layer/xla/compiledLayer.js';
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
      const trace = traceLayer(x, weights, chunk, { last });
      const output = finishLayer(trace, weights, chunk, { last });
      disposeTrace(trace, { keepInput: true });
      return output;
    },
    trace(x, weights, last) {
      const trace = traceLayer(x, weights, chunk, { last });
      return {
        held: trace,
        finish: () => finishLayer(trace, weights, chunk, { last }),
        sendBack: (upstream, layer, into, needsInput) =>
          layerGradient(upstream, trace, layer, weights, chunk, into, { last, needsInput }),
        dispose: () => disposeTrace(trace),
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
