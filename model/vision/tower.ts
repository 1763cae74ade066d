import type { PreparedImage } from '../../data/image/imageRules.js';
import type { RowDropout } from '../engine/dropoutMask.js';
import { attention, attentionGradient, type Places } from '../layer/attention.js';
import { linear, type Linear } from '../layer/linear.js';
import { swiglu } from '../layer/paddedLayer.js';
import { rmsNorm } from '../layer/rmsNorm.js';
import { tf } from '../engine/tf.js';
import type { VisionConfig } from './visionConfig.js';

/** The vision tower on the device; freed by `disposeTower`. */
export interface TowerWeights {
  /** Of both frames of a still image together, [hidden, 3 * patch * patch]. */
  patchEmbedding: Linear;
  blocks: BlockWeights[];
  /** [hidden] */
  mergerNorm: tf.Tensor1D;
  mergerIn: Linear;
  mergerOut: Linear;
  /**
   * Scores of attention that are in memory at one time, or those of one head. Less once memory has run out. Undefined where
   * the blocks run in fused operations, which hold no scores.
   */
  mostScores: number | undefined;
}

export interface BlockWeights {
  /** [hidden] */
  norm1: tf.Tensor1D;
  norm2: tf.Tensor1D;
  /** Queries, keys and values, each [heads * headDim, hidden]. */
  qkv: Linear;
  proj: Linear;
  gate: Linear;
  up: Linear;
  down: Linear;
}

/** Patches that see each other: `places.batch` windows of `places.time` patches from row `start` on. */
export interface Area {
  start: number;
  places: Places;
  /** Scores of attention that are in memory at one time. */
  mostScores: number;
}

/** Of the tower's norms, which no file states. */
export const towerEpsilon = 1e-6;

/** What a tower in stock operations is loaded with. */
export const mostScores = 2 ** 26;

/** Its blocks run in fused operations. */
export const holdsNoScores = ({ mostScores }: Pick<TowerWeights, 'mostScores'>) => mostScores === undefined;

/**
 * Patches to states, before the first block.
 * @param pixels  [patches, 3 * patch * patch], normalised
 * @returns       [patches, hidden]; the caller owns it
 */
export const embedPatches = (pixels: tf.Tensor2D, { patchEmbedding }: TowerWeights): tf.Tensor2D =>
  linear(pixels, patchEmbedding);

/**
 * One block of the tower: attention, then SwiGLU, each after RMSNorm and added back to its input.
 * Source: Qwen2.5-VL (arXiv 2502.13923) section 2.1; Hugging Face `Qwen2_5_VLVisionBlock`.
 * @param x      [patches, hidden]
 * @param areas    that cover all rows, in their order
 * @param dropout  of the inputs of adapters, where there are any
 * @returns        [patches, hidden]. Call inside tf.tidy: intermediates belong to that scope
 */
export function towerBlock(
  x: tf.Tensor2D,
  weights: BlockWeights,
  areas: readonly Area[],
  config: VisionConfig,
  dropout?: RowDropout,
): tf.Tensor2D {
  const qkv = linear(rmsNorm(x, weights.norm1, towerEpsilon), weights.qkv, dropout);
  const h = x.add<tf.Tensor2D>(linear(attendAreas(qkv, areas, config), weights.proj, dropout));
  const normed = rmsNorm(h, weights.norm2, towerEpsilon);
  const gated = swiglu(linear(normed, weights.gate, dropout), linear(normed, weights.up, dropout));
  return h.add(linear(gated, weights.down, dropout));
}

/** Attention of all areas. Nothing but its input is kept for the gradient, which attends again. */
function attendAreas(qkv: tf.Tensor2D, areas: readonly Area[], config: VisionConfig): tf.Tensor2D {
  const op = tf.customGrad((input, save) => {
    const qkv = input as tf.Tensor2D;
    (save as tf.GradSaveFunc)([qkv]);
    return {
      value: joined(
        areas.map((area) => attendArea(qkv, area, config)),
        0,
      ),
      gradFunc: (dY: tf.Tensor, [qkv]: tf.Tensor[]) =>
        joined(
          areas.map((area) => areaGradient(dY as tf.Tensor2D, qkv as tf.Tensor2D, area, config)),
          0,
        ),
    };
  });
  return op(qkv);
}

function attendArea(qkv: tf.Tensor2D, area: Area, config: VisionConfig): tf.Tensor2D {
  const parts = headParts(area, config).map(({ counts, columns }) =>
    tf.tidy(() => attention(columns(qkv, 0), columns(qkv, 1), columns(qkv, 2), area.places, counts)),
  );
  return joined(parts, 1);
}

/** @returns the gradient for the area's queries, keys and values, side by side */
function areaGradient(dY: tf.Tensor2D, qkv: tf.Tensor2D, area: Area, config: VisionConfig): tf.Tensor2D {
  const parts = headParts(area, config).map(({ counts, columns }) =>
    tf.tidy(() =>
      attentionGradient(
        ...([columns(dY, 0), columns(qkv, 0), columns(qkv, 1), columns(qkv, 2)] as const),
        ...([area.places, counts] as const),
      ),
    ),
  );
  return joined(
    [0, 1, 2].flatMap((which) => parts.map((gradients) => gradients[which]!)),
    1,
  );
}

/**
 * Heads are taken a few at a time: the scores of a whole large image would not fit.
 * @returns of each part how many heads it has and, of a matrix, their columns among the queries, keys or values
 */
function headParts({ start, places, mostScores }: Area, { heads, headDim, hidden }: VisionConfig) {
  const rows = places.batch * places.time;
  const atOnce = Math.max(1, Math.min(heads, Math.floor(mostScores / (rows * places.time))));
  return Array.from({ length: Math.ceil(heads / atOnce) }, (_, part) => {
    const head = part * atOnce;
    const taken = Math.min(atOnce, heads - head);
    const columns = (x: tf.Tensor2D, which: 0 | 1 | 2) =>
      tf.slice(x, [start, which * hidden + head * headDim], [rows, taken * headDim]);
    return { counts: { heads: taken, kvHeads: taken, headDim }, columns };
  });
}

const joined = (parts: tf.Tensor2D[], axis: 0 | 1): tf.Tensor2D =>
  parts.length === 1 ? parts[0]! : tf.concat(parts, axis);

/**
 * Join the patches of each block to one token of the decoder.
 * @param x  [tokens * merge * merge, hidden]
 * @returns  [tokens, out]. Call inside tf.tidy
 */
export function mergePatches(x: tf.Tensor2D, weights: TowerWeights, { hidden, merge }: VisionConfig): tf.Tensor2D {
  const patches = merge * merge;
  const joined = rmsNorm(x, weights.mergerNorm, towerEpsilon).reshape<tf.Tensor2D>([
    x.shape[0] / patches,
    hidden * patches,
  ]);
  return linear(gelu(linear(joined, weights.mergerIn)), weights.mergerOut);
}

/** x times the share of a normal distribution below it. Source: GELU (arXiv 1606.08415), exact. */
const gelu = (x: tf.Tensor2D): tf.Tensor2D => x.mul(x.mul(Math.SQRT1_2).erf().add(1)).mul(0.5);

/** Tokens down and across of an image. */
export const tokenGrid = (
  { rows, columns }: Pick<PreparedImage, 'rows' | 'columns'>,
  { merge }: Pick<VisionConfig, 'merge'>,
): { rows: number; columns: number } => ({ rows: rows / merge, columns: columns / merge });

/** Free every weight, adapters included. */
export function disposeTower({ patchEmbedding, blocks, mergerNorm, mergerIn, mergerOut }: TowerWeights): void {
  const linears = blocks.flatMap(({ qkv, proj, gate, up, down }) => [qkv, proj, gate, up, down]);
  for (const { weight, bias, adapter } of [patchEmbedding, mergerIn, mergerOut, ...linears]) {
    weight.dispose();
    tf.dispose([...(bias ? [bias] : []), ...(adapter ? [adapter.a, adapter.b] : [])]);
  }
  tf.dispose([mergerNorm, ...blocks.flatMap(({ norm1, norm2 }) => [norm1, norm2])]);
}
