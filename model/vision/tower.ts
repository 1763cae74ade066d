import type { PreparedImage } from '../../data/image/imageRules.js';
import { attention, type Places } from '../layer/attention.js';
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
}

/** Of the tower's norms, which no file states. */
const epsilon = 1e-6;

/** Scores of so many numbers are in memory at one time, or those of one head. */
export const mostScores = 2 ** 26;

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
 * @param areas  that cover all rows, in their order
 * @returns      [patches, hidden]. Call inside tf.tidy: intermediates belong to that scope
 */
export function towerBlock(
  x: tf.Tensor2D,
  weights: BlockWeights,
  areas: readonly Area[],
  config: VisionConfig,
): tf.Tensor2D {
  const qkv = linear(rmsNorm(x, weights.norm1, epsilon), weights.qkv);
  const attentionOutput = areas.map((area) => attendArea(qkv, area, config));
  const h = x.add<tf.Tensor2D>(
    linear(attentionOutput.length === 1 ? attentionOutput[0]! : tf.concat(attentionOutput), weights.proj),
  );
  const normed = rmsNorm(h, weights.norm2, epsilon);
  return h.add(linear(swiglu(linear(normed, weights.gate), linear(normed, weights.up)), weights.down));
}

/** Heads are taken a few at a time: the scores of a whole large image would not fit. */
function attendArea(qkv: tf.Tensor2D, { start, places }: Area, { heads, headDim, hidden }: VisionConfig): tf.Tensor2D {
  const rows = places.batch * places.time;
  const atOnce = Math.max(1, Math.min(heads, Math.floor(mostScores / (rows * places.time))));
  const parts: tf.Tensor2D[] = [];
  for (let head = 0; head < heads; head += atOnce) {
    const taken = Math.min(atOnce, heads - head);
    const columns = (which: number) => tf.slice(qkv, [start, which * hidden + head * headDim], [rows, taken * headDim]);
    parts.push(attention(columns(0), columns(1), columns(2), places, { heads: taken, kvHeads: taken, headDim }));
  }
  return parts.length === 1 ? parts[0]! : tf.concat(parts, 1);
}

/**
 * Join the patches of each block to one token of the decoder.
 * @param x  [tokens * merge * merge, hidden]
 * @returns  [tokens, out]. Call inside tf.tidy
 */
export function mergePatches(x: tf.Tensor2D, weights: TowerWeights, { hidden, merge }: VisionConfig): tf.Tensor2D {
  const patches = merge * merge;
  const joined = rmsNorm(x, weights.mergerNorm, epsilon).reshape<tf.Tensor2D>([x.shape[0] / patches, hidden * patches]);
  return linear(gelu(linear(joined, weights.mergerIn)), weights.mergerOut);
}

/** x times the share of a normal distribution below it. Source: GELU (arXiv 1606.08415), exact. */
const gelu = (x: tf.Tensor2D): tf.Tensor2D => x.mul(x.mul(Math.SQRT1_2).erf().add(1)).mul(0.5);

/** Tokens down and across of an image. */
export const tokenGrid = (
  { rows, columns }: Pick<PreparedImage, 'rows' | 'columns'>,
  { merge }: Pick<VisionConfig, 'merge'>,
): { rows: number; columns: number } => ({ rows: rows / merge, columns: columns / merge });

/** Free every weight. */
export function disposeTower({ patchEmbedding, blocks, mergerNorm, mergerIn, mergerOut }: TowerWeights): void {
  const linears = blocks.flatMap(({ qkv, proj, gate, up, down }) => [qkv, proj, gate, up, down]);
  for (const { weight, bias } of [patchEmbedding, mergerIn, mergerOut, ...linears]) {
    weight.dispose();
    if (bias) bias.dispose();
  }
  tf.dispose([mergerNorm, ...blocks.flatMap(({ norm1, norm2 }) => [norm1, norm2])]);
}
