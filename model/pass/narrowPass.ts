import { capabilities } from '../engine/capabilities.js';
import { tf } from '../engine/tf.js';
import type { Model } from '../layer/decoder.js';
import type { ChunkDropout } from '../layer/dropout.js';
import type { BlockActivations } from '../layer/fused/fusedBlock.js';
import { packs, type Pass } from './encodeChunk.js';
import { fusedLayers } from './fusedLayers.js';
import type { PackedPass } from './packedPass.js';
import { lengthOf, type Sequence } from './sequence.js';

/** Can a pass be narrowed, or must some of its texts be embedded again? */
export const narrows = (model: Model): boolean => packs(model) && !capabilities().compiledLayers;

/**
 * A pass over some of its texts alone, without embedding them again: their rows of all that was kept. Consumes the pass,
 * which must be one that narrows.
 * @param texts    of the whole pass
 * @param places   of the texts that stay, ascending, at least one
 * @param dropout  of these texts alone
 */
export function narrowPass(
  model: Model,
  { embeddings, run }: Pass,
  texts: readonly Sequence[],
  places: readonly number[],
  dropout: ChunkDropout | undefined,
): Pass {
  const { layers: before, kept, top } = run as PackedPass;
  const staying = new Set(places);
  const tokens = texts.flatMap((text, place) => new Array<boolean>(lengthOf(text)).fill(staying.has(place)));
  const ofTokens = tf.tensor1d(
    [...tokens.keys()].filter((token) => tokens[token]),
    'int32',
  );
  const ofTexts = tf.tensor1d([...places], 'int32');
  // Behind the attention the last layer has a row for each text.
  const narrowed = (all: tf.Tensor2D): tf.Tensor2D => {
    const some = tf.gather(all, all.shape[0] === tokens.length ? ofTokens : ofTexts);
    all.dispose();
    return some;
  };
  const layers = fusedLayers(
    model,
    places.map((place) => texts[place]!),
    dropout,
  );
  const narrow: PackedPass = {
    kind: 'packed',
    layers,
    kept: kept.map((held, layer) => {
      if ('x' in held) return { x: narrowed(held.x) };
      const { x, qkv, attentionOutput, h, both } = held.held as BlockActivations;
      const activations = {
        ...{ x: narrowed(x), qkv: narrowed(qkv), attentionOutput: narrowed(attentionOutput) },
        ...{ h: narrowed(h), both: narrowed(both) },
      };
      return layers.resume(activations, model.layers[layer]!, layer === model.layers.length - 1);
    }),
    top: narrowed(top),
  };
  const rows = narrowed(embeddings);
  before.dispose();
  tf.dispose([ofTokens, ofTexts]);
  return { embeddings: rows, run: narrow };
}
