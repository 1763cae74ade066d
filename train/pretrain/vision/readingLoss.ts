import { tf } from '../../../model/engine/tf.js';
import { embedPatches, mergePatches, towerBlock } from '../../../model/vision/tower.js';
import { crossEntropy } from '../languageLoss.js';
import type { TrainableTower } from './demoTower.js';
import type { PageAreas } from './pageAreas.js';

/**
 * Mean cross-entropy of the word that stands in each token, in nats, by how near the token's feature lies to the rows of
 * all words: softmax of -|feature - row|² / (2 width), the rows' mean squared length being 1. To it comes that squared
 * distance itself, `closeness` times: a feature may be nearest to its row and still be far from all that the decoder knows.
 * @param pixels   as the tower reads them
 * @param rows     [words, hidden]
 * @param targets  row of each token, int32 [tokens]
 * @returns        scalar
 */
export function readingLoss(
  tower: TrainableTower,
  pixels: tf.Tensor2D,
  areas: PageAreas,
  rows: tf.Tensor2D,
  targets: tf.Tensor1D,
  closeness: number,
): tf.Scalar {
  const features = towerFeatures(tower, pixels, areas);
  const told = crossEntropy(withOnes(features), nearness(rows), targets);
  if (closeness === 0) return told;
  const length = rows.square().sum(1).mean();
  const distance = features.sub(tf.gather(rows, targets)).square().sum(1).mean().div(length);
  return told.add(distance.mul(closeness));
}

/** What the decoder would read of each token, [tokens, out], in window order. Call inside tf.tidy. */
export function towerFeatures({ weights, config }: TrainableTower, pixels: tf.Tensor2D, areas: PageAreas): tf.Tensor2D {
  let state = embedPatches(pixels, weights);
  for (const [block, each] of weights.blocks.entries()) state = towerBlock(state, each, areas.of(block), config);
  return mergePatches(state, weights, config);
}

/** Row of the word that lies nearest to each feature. Call inside tf.tidy. @returns int32 [tokens] */
export const nearestRow = (features: tf.Tensor2D, rows: tf.Tensor2D): tf.Tensor1D =>
  tf.matMul<tf.Tensor2D>(withOnes(features), nearness(rows), false, true).argMax<tf.Tensor1D>(1);

/** Of the squared distance, as a share of a row's squared length. */
const width = 0.08;

const withOnes = (features: tf.Tensor2D): tf.Tensor2D =>
  tf.concat<tf.Tensor2D>([features, tf.ones([features.shape[0], 1])], 1);

/** The product of a feature, a one behind it, with a row of this is -|feature - row|² / (2 width), but for what all rows have. */
function nearness(rows: tf.Tensor2D): tf.Tensor2D {
  const squares = rows.square().sum<tf.Tensor1D>(1);
  const by = squares.mean().mul(width);
  return tf.concat([rows.div<tf.Tensor2D>(by), squares.div(by).mul(-0.5).expandDims<tf.Tensor2D>(1)], 1);
}
