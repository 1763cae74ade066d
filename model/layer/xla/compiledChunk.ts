import { projections } from '../../../configs/schema.js';
import type { RowDropout } from '../../engine/dropoutMask.js';
import { anyTensors } from '../../engine/native/anyTensors.js';
import { tf } from '../../engine/tf.js';
import type { ModelConfig } from '../../modelConfig.js';
import type { LayerDropout } from '../dropout.js';
import type { LayerWeights } from '../paddedLayer.js';
import { rotaryTables, type Rotary } from '../rotary.js';
import { attention, attentionGradient, type SliceShape } from './attention.js';
import { attentionSlices } from './attentionSlices.js';
import { filledRows } from './filledRows.js';
import type { LayerShape } from './layerShape.js';
import { layerStages } from './stages.js';

/** A chunk of packed texts with all that the functions of its layers are called with. Freed by `disposeCompiledChunk`. */
export interface CompiledChunk {
  shape: LayerShape;
  /** Tokens of the texts, and rows that they are filled up to with zeros. */
  tokens: number;
  rows: number;
  texts: number;
  slices: CompiledSlice[];
  /** Over all rows, and over those that hold the last token of a text. */
  all: Stage;
  last: Stage;
  /** int32 [rows]: rows of x with the row of zeros behind it. */
  filled: tf.Tensor;
  /** int32 [last rows]: likewise of what the texts have one row each of. */
  filledTexts: tf.Tensor;
  /** int32 [last rows]: the last row of each text. */
  lastRows: tf.Tensor;
  /** int32 [rows]: of the last rows with a row of zeros behind them, the one that belongs to a row. */
  textOfRow: tf.Tensor;
}

export interface CompiledSlice {
  shape: SliceShape;
  /** int32 [texts * time]: row of each place; any where there is no token. */
  places: tf.Tensor;
  lengths: tf.Tensor;
  turns: Rotary;
}

/** A stage of the layer's functions with what belongs to their rows. */
interface Stage {
  functions: ReturnType<typeof layerStages>;
  /** Keys of the dropout, as bytes. */
  rowKeys: tf.Tensor | undefined;
  /** int32: place of each row among those that the slices give, the row of zeros behind them included. */
  places: tf.Tensor;
}

interface ChunkFacts {
  config: ModelConfig;
  /** Of any layer. */
  weights: LayerWeights;
  dropout?: LayerDropout;
  /** Rotary tables with a row for each token, where the texts are not turned alike; stays the caller's. */
  ownTurns?: Rotary;
}

/** Lay out a chunk. @param lengths  of the texts */
export function compiledChunk(
  lengths: readonly number[],
  { config, weights, dropout, ownTurns }: ChunkFacts,
): CompiledChunk {
  const native = anyTensors();
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const [rows, lastCount] = [filledRows(tokens), filledRows(lengths.length)];
  const shape = layerShape(config, weights, dropout?.all.rate ?? 0);
  const { slices, placeOfRow } = attentionSlices(lengths, rows);
  let end = 0;
  const ends = lengths.map((length) => (end += length) - 1);
  const textOfRow = new Int32Array(rows).fill(lastCount);
  ends.forEach((row, text) => (textOfRow[row] = text));
  const lastRows = Int32Array.from({ length: lastCount }, (_, text) => ends[text] ?? 0);
  const stage = (count: number, places: Int32Array, dropout?: RowDropout): Stage => ({
    functions: layerStages(shape, count),
    rowKeys: shape.adapters && shape.adapters.rate > 0 ? keyBytes(dropout!, count) : undefined,
    places: onDevice(places),
  });
  const tables = new Map<number, Rotary>();
  const sharedTurns = (time: number): Rotary => {
    const made = tables.get(time) ?? rotaryTables(time, config.headDim, config.ropeTheta);
    tables.set(time, made);
    return made;
  };
  return {
    ...{ shape, tokens, rows, texts: lengths.length },
    slices: slices.map(({ texts, time, rows: places, lengths }) => {
      const sent = onDevice(places);
      return {
        shape: { texts, time, ownTurns: ownTurns !== undefined },
        places: sent,
        lengths: native.integers(lengths, [texts]),
        turns: ownTurns ? gatheredTurns(ownTurns, sent) : sharedTurns(time),
      };
    }),
    all: stage(rows, placeOfRow, dropout?.all),
    last: stage(
      lastCount,
      lastRows.map((row) => placeOfRow[row]!),
      dropout?.last,
    ),
    filled: onDevice(Int32Array.from({ length: rows }, (_, row) => Math.min(row, tokens))),
    filledTexts: onDevice(Int32Array.from({ length: lastCount }, (_, text) => Math.min(text, lengths.length))),
    lastRows: onDevice(lastRows),
    textOfRow: onDevice(textOfRow),
  };
}

/** Free what a chunk holds. */
export function disposeCompiledChunk({ slices, all, last, ...chunk }: CompiledChunk): void {
  tf.dispose(slices.flatMap(({ places, lengths, turns }) => [places, lengths, turns.cos, turns.sin]));
  for (const { places, rowKeys } of [all, last]) tf.dispose([places, ...(rowKeys ? [rowKeys] : [])]);
  tf.dispose([chunk.filled, chunk.filledTexts, chunk.lastRows, chunk.textOfRow]);
}

/** The functions that attend and go backward over a slice. */
export const attentionOf = (shape: LayerShape, slice: CompiledSlice) => attention(shape, slice.shape);
export const attentionGradientOf = (shape: LayerShape, slice: CompiledSlice) => attentionGradient(shape, slice.shape);

/** Of all layers, told by one. Adapters have one rank and scale everywhere. */
function layerShape(config: ModelConfig, weights: LayerWeights, rate: number): LayerShape {
  const { hidden, intermediate, heads, kvHeads, headDim, normEpsilon } = config;
  const { weight } = weights.q;
  const kind = weight instanceof tf.Tensor || 'tensor' in weight.held ? 'float32' : weight.held.raw.kind;
  const targets = projections.filter((target) => weights[target].adapter);
  const some = targets.length > 0 ? weights[targets[0]!].adapter : undefined;
  return {
    ...{ hidden, intermediate, heads, kvHeads, headDim, normEpsilon },
    weights: kind,
    wide: kind === 'bfloat16' ? 'bfloat16' : 'float32',
    adapters: some && { targets, rank: some.a.shape[0], scale: some.scale, rate },
  };
}

/** Keys of rows as bytes; those behind the last are of no account. */
function keyBytes({ keys }: RowDropout, rows: number): tf.Tensor {
  const all = new Int32Array(2 * rows);
  all.set(keys);
  return anyTensors().integers(all, [rows, 2]);
}

function gatheredTurns({ cos, sin }: Rotary, places: tf.Tensor): Rotary {
  const gathered = (table: tf.Tensor2D) => anyTensors().gatherRows(table, 'float32', places);
  return { cos: gathered(cos), sin: gathered(sin) };
}

const onDevice = (values: Int32Array): tf.Tensor =>
  tf.tidy(() => {
    const native = anyTensors();
    return native.asInt32(native.integers(values, [values.length]));
  });
