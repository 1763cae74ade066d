import { cutChunks } from '../../data/stream/chunks.js';
import {
  backwardChunk,
  disposePass,
  encodeChunk,
  forwardChunk,
  packs,
  type Gradients,
  type Pass,
} from '../../model/pass/encodeChunk.js';
import { tf } from '../../model/engine/tf.js';
import type { Model } from '../../model/layer/decoder.js';
import type { ChunkDropout, Dropout } from '../../model/layer/dropout.js';
import type { Parameters } from '../../model/layer/lora.js';
import { inputBytes, traceBytes } from '../../model/memory/memoryPlan.js';
import { infoNce, type Candidates } from './loss.js';

/** One pool as token ids; every distinct text stands once. */
export interface PoolTokens extends Candidates {
  queries: Int32Array[];
  passages: Int32Array[];
}

export interface PoolOptions {
  temperature: number;
  /** As `infoNce` has it; `onMasked` is told how many candidates it left out, which waits for the device. */
  margin?: { value: number; onMasked: (count: number) => void } | undefined;
  /** Tokens that are in the model at one time. */
  chunkTokens: number;
  /** What the first pass keeps for the second, in bytes; chunks beyond it are embedded twice. */
  keptBytes: number;
  /** Upper layers whose intermediates a chunk that is embedded twice keeps the second time; none when left out. */
  tracedLayers?: number;
  /** Dropout of adapter inputs; a text is masked by its number in the pool, queries counted first. */
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
  // Longest first: a pool that does not fit into memory fails at once.
  const passages = inChunks(pool.passages, options, pool.queries.length);
  const queries = inChunks(pool.queries, options, 0);
  const chunks = [...passages.chunks, ...queries.chunks];
  const keep = whatToKeep(model, chunks, options.keptBytes);
  const kept: (Pass | undefined)[] = [];
  const embed = ({ texts, dropout }: TextChunk, index: number) => {
    const traces = keep[index];
    if (traces === undefined) return encodeChunk(model, texts, dropout);
    kept[index] = forwardChunk(model, texts, dropout, traces);
    return kept[index].embeddings.clone();
  };
  const passageRows = joined(passages.chunks.map((chunk, index) => embed(chunk, index)));
  const queryRows = joined(queries.chunks.map((chunk, index) => embed(chunk, passages.chunks.length + index)));
  const candidates = candidatesInOrder(pool, queries.order, passages.order);
  const { temperature, margin } = options;
  const found = infoNce(queryRows, passageRows, candidates, temperature, margin?.value);
  const { loss, dQueries, dPassages, masked } = found;
  if (masked) margin!.onMasked(masked.dataSync<'float32'>()[0]!);
  masked?.dispose();
  tf.dispose([queryRows, passageRows]);
  let row = 0;
  for (const [index, { texts, dropout }] of chunks.entries()) {
    if (index === passages.chunks.length) row = 0;
    const pass = kept[index] ?? forwardChunk(model, texts, dropout, options.tracedLayers);
    const rows = index < passages.chunks.length ? dPassages : dQueries;
    const upstream = tf.slice(rows, [row, 0], [texts.length, rows.shape[1]]);
    row += texts.length;
    backwardChunk(model, pass, upstream, parameters, into);
    upstream.dispose();
    disposePass(pass);
  }
  tf.dispose([dQueries, dPassages]);
  return loss;
}

interface TextChunk {
  texts: Int32Array[];
  dropout: ChunkDropout | undefined;
}

/** Texts cut into chunks, and the order in which the chunks list them. @param first  number of the first text in its pool */
function inChunks(texts: Int32Array[], { chunkTokens, dropout }: PoolOptions, first: number) {
  const cut = cutChunks(texts, chunkTokens);
  const chunks = cut.map(({ rows }): TextChunk => ({
    texts: rows.map((row) => texts[row]!),
    dropout: dropout && { ...dropout, texts: rows.map((row) => first + row) },
  }));
  return { chunks, order: cut.flatMap(({ rows }) => rows) };
}

/** The rows of all chunks as one matrix; frees the parts. */
function joined(parts: tf.Tensor2D[]): tf.Tensor2D {
  const whole = tf.concat(parts);
  tf.dispose(parts);
  return whole;
}

/** The candidates with queries and passages in another order: moving these few numbers spares moving the embeddings. */
function candidatesInOrder({ targets, counts, passages }: PoolTokens, queryOrder: number[], passageOrder: number[]) {
  const placeOf = new Int32Array(passages.length);
  passageOrder.forEach((passage, place) => (placeOf[passage] = place));
  const moved = new Float32Array(counts.length);
  queryOrder.forEach((query, row) =>
    passageOrder.forEach((passage, column) => {
      moved[row * passages.length + column] = counts[query * passages.length + passage]!;
    }),
  );
  return { targets: queryOrder.map((query) => placeOf[targets[query]!]!), counts: moved };
}

/**
 * Of each chunk, how many layers' traces the first pass keeps beside all layer inputs; undefined for a chunk that keeps
 * nothing. What is left beside the inputs of the whole pool goes to traces, chunk by chunk: where all of them fit,
 * nothing is computed twice.
 */
function whatToKeep(model: Model, chunks: { texts: Int32Array[] }[], keptBytes: number): (number | undefined)[] {
  const { config } = model;
  const tokens = chunks.map(({ texts }) => tokensInModel(model, texts));
  const all = tokens.reduce((sum, count) => sum + count, 0);
  let room = keptBytes - inputBytes(config, all);
  if (room >= 0)
    return tokens.map((count) => {
      const one = traceBytes(config, count);
      const layers = packs(model) ? Math.min(config.layers, Math.floor(room / one)) : 0;
      room -= layers * one;
      return layers;
    });
  room = keptBytes;
  return tokens.map((count) => {
    room -= inputBytes(config, count);
    return room >= 0 ? 0 : undefined;
  });
}

function tokensInModel(model: Model, texts: Int32Array[]): number {
  const lengths = texts.map((ids) => ids.length);
  return packs(model) ? lengths.reduce((sum, length) => sum + length, 0) : lengths.length * Math.max(...lengths);
}
