import { cutChunks } from '../data/chunks.js';
import {
  backwardChunk,
  disposePass,
  encodeChunk,
  forwardChunk,
  statesBytes,
  type Gradients,
  type Pass,
} from '../model/encodeChunk.js';
import { tf } from '../model/engine/tf.js';
import type { Dropout } from '../model/linear.js';
import type { Model } from '../model/loadModel.js';
import type { Parameters } from '../model/lora.js';
import { infoNce, type Candidates } from './loss.js';

/** One pool as token ids; every distinct text stands once. */
export interface PoolTokens extends Candidates {
  queries: Int32Array[];
  passages: Int32Array[];
}

export interface PoolOptions {
  temperature: number;
  /** Tokens, padding included, that are in the model at one time. */
  chunkTokens: number;
  /** Layer inputs of the first pass kept for the second, in bytes; chunks beyond it are embedded twice. */
  keptBytes: number;
  /** Dropout of adapter inputs; each chunk draws masks of its own from this seed. */
  dropout?: Dropout | undefined;
}

/**
 * Loss of a pool, and its gradient added to `into`, while no more than one chunk of texts is in the model at a time:
 * embed all chunks, differentiate the loss for the embeddings, then send those gradients back chunk by chunk.
 * A chunk whose layer inputs could be kept is embedded once, the others a second time.
 * Source: GradCache (arXiv 2101.06983).
 * @returns the loss, scalar; the caller owns it. Nothing has waited for the device yet
 */
export function poolGradient(
  model: Model,
  pool: PoolTokens,
  parameters: Parameters,
  options: PoolOptions,
  into: Gradients,
): tf.Scalar {
  const texts = [...pool.queries, ...pool.passages];
  const chunks = cutChunks(texts, options.chunkTokens).map(({ rows }, index) => ({
    rows,
    texts: rows.map((row) => texts[row]!),
    dropout: options.dropout && { rate: options.dropout.rate, seed: (options.dropout.seed + index) | 0 },
  }));
  const order = tf.tensor1d(placeOf(chunks.flatMap(({ rows }) => rows)), 'int32');
  let keptBytes = 0;
  const kept: (Pass | undefined)[] = [];
  const embedded = chunks.map(({ texts, dropout }, index) => {
    const bytes = statesBytes(model, texts);
    if (keptBytes + bytes > options.keptBytes) return encodeChunk(model, texts, dropout);
    keptBytes += bytes;
    kept[index] = forwardChunk(model, texts, dropout);
    return kept[index].embeddings.clone();
  });
  const { loss, dTexts } = tf.tidy(() => {
    const all = tf.gather(tf.concat(embedded), order);
    const [queries, passages] = tf.split(all, [pool.queries.length, pool.passages.length]) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const { loss, dQueries, dPassages } = infoNce(queries, passages, pool, options.temperature);
    return { loss, dTexts: tf.concat([dQueries, dPassages]) };
  });
  tf.dispose([...embedded, order]);
  for (const [index, { rows, texts, dropout }] of chunks.entries()) {
    const pass = kept[index] ?? forwardChunk(model, texts, dropout);
    const upstream = tf.tidy(() => tf.gather(dTexts, tf.tensor1d(rows, 'int32')));
    backwardChunk(model, pass, upstream, parameters, into);
    upstream.dispose();
    disposePass(pass);
  }
  dTexts.dispose();
  return loss;
}

/** For each text, its place in the order in which the chunks list them. */
function placeOf(listed: number[]): number[] {
  const places = new Array<number>(listed.length);
  listed.forEach((text, place) => (places[text] = place));
  return places;
}
