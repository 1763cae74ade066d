import { disposePass, encodeInSteps, forwardChunk, packs, type Pass } from '../../model/pass/encodeChunk.js';
import { lengthOfAll, longestOf, type Sequence } from '../../model/pass/sequence.js';
import type { Stepwise } from '../../model/pass/stepwise.js';
import { capabilities } from '../../model/engine/capabilities.js';
import { tf } from '../../model/engine/tf.js';
import type { Dropout } from '../../model/layer/dropout.js';
import type { Model } from '../../model/layer/decoder.js';
import { filledRows } from '../../model/layer/xla/filledRows.js';
import { activationBytes, keepsTapes } from '../../model/memory/engineFacts.js';
import { inputBytes, activationsBytes } from '../../model/memory/activationsBytes.js';
import { chunksOf, type TextChunk, type TextSet } from './texts/textChunks.js';

/** How the passes over a pool use memory. */
export interface PassPlan {
  /** Tokens that are in the model at one time. */
  chunkTokens: number;
  /** What the first pass keeps for the second, in bytes; chunks beyond it are embedded twice. */
  keptBytes: number;
  /** Upper layers whose intermediates a chunk that is embedded twice keeps the second time; none when left out. */
  savedLayers?: number;
}

/** Texts after the first pass. */
export interface EmbeddedTexts {
  /** Of each set [texts, hidden], in its order. */
  rows: tf.Tensor2D[];
  chunks: TextChunk[];
  /** Of each chunk what was kept for the second pass. */
  passes: (Pass | undefined)[];
}

/** The first pass: embed sets of texts chunk by chunk and keep what the plan has room for. The caller owns all of it. */
export function* embedTexts(
  model: Model,
  sets: readonly TextSet[],
  { chunkTokens, keptBytes }: PassPlan,
  dropout: Dropout | undefined,
): Stepwise<EmbeddedTexts> {
  const chunks = chunksOf(sets, chunkTokens, dropout);
  const keep = whatToKeep(model, chunks, keptBytes);
  const passes: EmbeddedTexts['passes'] = [];
  const parts: tf.Tensor2D[][] = sets.map(() => []);
  for (const [index, { texts, set, dropout }] of chunks.entries()) {
    const savedLayers = keep[index];
    const pass = savedLayers === undefined ? undefined : yield* forwardChunk(model, texts, dropout, savedLayers);
    passes.push(pass);
    parts[set]!.push(pass ? pass.embeddings.clone() : yield* encodeInSteps(model, texts, dropout));
    yield;
  }
  return { rows: parts.map((each) => joined(each, model.config.hidden)), chunks, passes };
}

/** Let go of what the first pass has kept: its chunks are then embedded a second time. */
export function forgetPasses({ passes }: EmbeddedTexts): void {
  passes.forEach((pass) => pass && disposePass(pass));
  passes.fill(undefined);
}

/** The rows of all chunks as one matrix, which has none where there are no chunks; frees the parts. */
function joined(parts: tf.Tensor2D[], hidden: number): tf.Tensor2D {
  if (parts.length === 0) return tf.zeros([0, hidden]);
  const whole = tf.concat(parts);
  tf.dispose(parts);
  return whole;
}

/**
 * Of each chunk, how many layers' activations the first pass keeps beside all layer inputs; undefined for a chunk that keeps
 * nothing. What is left beside the inputs of the whole pool goes to activations, chunk by chunk: where all of them fit,
 * nothing is computed twice.
 */
function whatToKeep(model: Model, chunks: TextChunk[], keptBytes: number): (number | undefined)[] {
  const { config } = model;
  const packed = packs(model);
  const form = { config, activationBytes: activationBytes(model, packed), keepsTapes: keepsTapes(packed) };
  const rows = chunks.map(({ texts }) => rowsInModel(model, texts));
  const all = rows.reduce((sum, count) => sum + count, 0);
  let room = keptBytes - inputBytes(config, all);
  if (room >= 0)
    return rows.map((count, index) => {
      const { texts } = chunks[index]!;
      const own = { ...form, longestText: longestOf(texts) };
      const bytes = (layers: number) => activationsBytes(own, layers, count, texts.length);
      let layers = packed || form.keepsTapes ? config.layers : 0;
      while (bytes(layers) > room) layers--;
      room -= bytes(layers);
      return layers;
    });
  room = keptBytes;
  return rows.map((count) => {
    room -= inputBytes(config, count);
    return room >= 0 ? 0 : undefined;
  });
}

/** Rows that texts make in the model, those included that they are filled up with. */
function rowsInModel(model: Model, texts: readonly Sequence[]): number {
  if (!packs(model)) return texts.length * longestOf(texts);
  return capabilities().compiledLayers ? filledRows(lengthOfAll(texts)) : lengthOfAll(texts);
}
