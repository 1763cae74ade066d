import type { TowerShape } from '../vision/visionConfig.js';
import { mostScores } from '../vision/tower.js';
import type { TowerBytes } from './memoryPlan.js';

const float = Float32Array.BYTES_PER_ELEMENT;

/**
 * What a vision tower takes of memory.
 * @param weightBytes   of a number of its matrices
 * @param largestImage  tokens of the largest image
 * @param kept          tokens of images whose features are kept in the same memory
 * @param way.isAdapted  whether it learns: images and the gradients of their features wait beside these then
 * @param way.isFused    whether its blocks run in fused operations
 */
export function towerBytes(
  config: TowerShape,
  weightBytes: number,
  largestImage: number,
  kept: number,
  { isAdapted = false, isFused = false } = {},
): TowerBytes {
  const patches = largestImage * config.merge ** 2;
  const [forward, gradient] = isFused ? [fusedBlockBytes, fusedGradientBytes] : [blockBytes, gradientBytes];
  const image = 3 * (config.merge * config.patch) ** 2;
  return {
    weights: weightBytes * matricesOfTower(config),
    working: (isAdapted ? gradient : forward)(config, patches),
    features: kept * (isAdapted ? 2 * float * config.out + image : float * config.out),
  };
}

/** Numbers of the adapters on all linear layers of a tower's blocks. */
export function towerAdapterElements({ hidden, intermediate, blocks }: TowerShape, rank: number): number {
  const sides = 4 * hidden + 2 * hidden + 3 * (hidden + intermediate); // of qkv, proj, and gate, up and down
  return blocks * rank * sides;
}

/** Operations on numbers that the tower needs for an image of so many tokens, forward. */
export function towerOperations(tower: TowerShape, tokens: number): number {
  const { hidden, blocks, merge, window, fullBlocks } = tower;
  const patches = tokens * merge ** 2;
  const { ofPatch, ofToken } = matricesOf(tower);
  const seen = fullBlocks.length * patches + (blocks - fullBlocks.length) * Math.min(patches, (window * merge) ** 2);
  return 2 * (patches * ofPatch + tokens * ofToken) + 4 * hidden * patches * seen;
}

/** Numbers in the matrices of a tower. */
function matricesOfTower(tower: TowerShape): number {
  const { ofPatch, ofToken } = matricesOf(tower);
  return ofPatch + ofToken;
}

/** Numbers in the matrices that every patch is multiplied with, and in those that every token is. */
function matricesOf({ hidden, intermediate, blocks, patch, merge, out }: TowerShape) {
  const block = 4 * hidden * hidden + 3 * hidden * intermediate;
  const joined = hidden * merge ** 2;
  return { ofPatch: 3 * patch ** 2 * hidden + blocks * block, ofToken: joined * joined + joined * out };
}

/**
 * A block that sees the whole image, as stock operations hold it: input, norm, queries, keys and values and their parts of
 * some heads, turned and not; or the three tables of the feed-forward half; and scores before and after softmax.
 */
function blockBytes({ hidden, intermediate, heads }: TowerShape, patches: number): number {
  const scores = Math.min(heads * patches ** 2, Math.max(mostScores, patches ** 2));
  return float * (patches * (12 * hidden + 4 * intermediate) + 3 * scores);
}

/**
 * The inputs of all blocks, and one that sees the whole image under the tape, which lets go of nothing before its end: values,
 * masks and gradients of every operation, and the scores of some heads with their gradients. Counted on two towers, within 1 %.
 */
function gradientBytes({ hidden, intermediate, heads, blocks }: TowerShape, patches: number): number {
  const scores = Math.min(heads * patches ** 2, Math.max(mostScores, patches ** 2));
  return float * (patches * (blocks * hidden + 88 * hidden + 34 * intermediate) + 5 * scores);
}

/**
 * A block in fused operations, which hold no scores: input, queries, keys and values, attention, the states behind it, gate
 * and up, their product, and the output; gate's and up's weights stacked; and the rotary tables. Counted, within 2 %.
 */
const fusedBlockBytes = ({ hidden, intermediate, heads }: TowerShape, patches: number): number =>
  float * (patches * (6 * hidden + 3 * intermediate + hidden / heads) + stackedNumbers({ hidden, intermediate }));

/**
 * The inputs of all blocks and the rotary tables beside the fuller of two moments: a block on its way back, at gate and up; or
 * the merger under the tape, which holds thirty tables as wide as the states, its norm's, product's and GELU's with their
 * gradients, and four as wide as a token's features. Counted, within 1 % where the merger is the fuller, as in the releases.
 */
function fusedGradientBytes({ hidden, intermediate, blocks, heads, merge, out }: TowerShape, patches: number): number {
  const block = patches * (11 * hidden + 6 * intermediate) + stackedNumbers({ hidden, intermediate });
  const merger = patches * (30 * hidden + (4 * out) / merge ** 2);
  return float * (patches * (blocks * hidden + hidden / heads) + Math.max(block, merger));
}

const stackedNumbers = ({ hidden, intermediate }: Pick<TowerShape, 'hidden' | 'intermediate'>) =>
  2 * hidden * intermediate;
