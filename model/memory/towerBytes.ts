import type { VisionConfig } from '../vision/visionConfig.js';
import { mostScores } from '../vision/tower.js';
import type { TowerBytes } from './memoryPlan.js';

const float = Float32Array.BYTES_PER_ELEMENT;

/**
 * What a vision tower takes of memory.
 * @param weightBytes   of a number of its matrices
 * @param largestImage  tokens of the largest image
 * @param kept          tokens of images whose features are kept in the same memory
 */
export function towerBytes(config: VisionConfig, weightBytes: number, largestImage: number, kept: number): TowerBytes {
  return {
    weights: weightBytes * matricesOfTower(config),
    working: blockBytes(config, largestImage * config.merge ** 2),
    features: float * kept * config.out,
  };
}

/** Numbers in the matrices of a tower. */
function matricesOfTower({ hidden, intermediate, blocks, patch, merge, out }: VisionConfig): number {
  const block = 4 * hidden * hidden + 3 * hidden * intermediate;
  const joined = hidden * merge ** 2;
  return 3 * patch ** 2 * hidden + blocks * block + joined * joined + joined * out;
}

/**
 * A block that sees the whole image, as stock operations hold it: input, norm, queries, keys and values and their parts of
 * some heads, turned and not; or the three tables of the feed-forward half; and scores before and after softmax.
 */
function blockBytes({ hidden, intermediate, heads }: VisionConfig, patches: number): number {
  const scores = Math.min(heads * patches ** 2, Math.max(mostScores, patches ** 2));
  return float * (patches * (12 * hidden + 4 * intermediate) + 3 * scores);
}
