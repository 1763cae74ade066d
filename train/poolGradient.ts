import { cutChunks } from '../data/chunks.js';
import {
  backwardChunk,
  disposePass,
  encodeChunk,
  forwardChunk,
  packs,
  type Gradients,
  type Pass,
} from '../model/encodeChunk.js';
import { tf } from '../model/engine/tf.js';
import type { Dropout } from '../model/linear.js';
import type { Model } from '../model/loadModel.js';
import type { Parameters } from '../model/lora.js';
import { inputBytes, traceBytes } from '../model/memoryPlan.js';
import { infoNce, type Candidates } from './loss.js';

/** One pool as token ids; every distinct text stands once. */
export interface PoolTokens extends Candidates {
  queries: Int32Array[];
  passages: Int32Array[];
}

export interface PoolOptions {
  temperature: number;
  /** Tokens that are in the model at one time. */
  chunkTokens: number;
  /** What the first pass keeps for the second, in bytes; chunks beyond it are embedded twice. */
  keptBytes: number;
  /** Upper layers whose intermediates a chunk that is embedded twice keeps the second time; none when left out. */
  tracedLayers?: number;
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
  const keep = whatToKeep(model, chunks, options.keptBytes);
  const kept: (Pass | undefined)[] = [];
  const embedded = chunks.map(({ texts, dropout }, index) => {
    const traces = keep[index];
    if (traces === undefined) return encodeChunk(model, texts, dropout);
    kept[index] = forwardChunk(model, texts, dropout, traces);
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
    const pass = kept[index] ?? forwardChunk(model, texts, dropout, options.tracedLayers);
    const upstream = tf.tidy(() => tf.gather(dTexts, tf.tensor1d(rows, 'int32')));
    backwardChunk(model, pass, upstream, parameters, into);
    upstream.dispose();
    disposePass(pass);
  }
  dTexts.dispose();
  return loss;
}

/**
 * Of each chunk, how many layers' traces the first pass keeps beside all layer inputs; undefined for a chunk that keeps
 * nothing. Where the intermediates of the whole pool fit, nothing is computed twice.
 */
function whatToKeep(model: Model, chunks: { texts: Int32Array[] }[], keptBytes: number): (number | undefined)[] {
  const { config } = model;
  const tokens = chunks.map(({ texts }) => tokensInModel(model, texts));
  const all = tokens.reduce((sum, count) => sum + count, 0);
  const everything = inputBytes(config, all) + config.layers * traceBytes(config, all);
  if (packs(model) && everything <= keptBytes) return chunks.map(() => config.layers);
  let room = keptBytes;
  return tokens.map((count) => {
    room -= inputBytes(config, count);
    return room >= 0 ? 0 : undefined;
  });
}

function tokensInModel(model: Model, texts: Int32Array[]): number {
  const lengths = texts.map((ids) => ids.length);
  return packs(model) ? lengths.reduce((sum, length) => sum + length, 0) : lengths.length * Math.max(...lengths);
}

/** For each text, its place in the order in which the chunks list them. */
function placeOf(listed: number[]): number[] {
  const places = new Array<number>(listed.length);
  listed.forEach((text, place) => (places[text] = place));
  return places;
}
