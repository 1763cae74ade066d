import type { RunConfig } from '../../configs/schema.js';
import { seededRandom } from '../../data/random.js';
import type { Sampling } from '../step/poolGradient.js';

/** Of the pools of an update: how many texts were backpropagated, and the variance that this added. */
export interface Backpropagated {
  texts: number;
  /** All there were. */
  ofTexts: number;
  /** Expected squared distance from the exact gradients of all embeddings, as a share of their squared length. */
  addedVariance: number;
}

/** Sums over the pools of an update so far. */
export interface BackpropagatedSums {
  texts: number;
  ofTexts: number;
  variance: number;
  square: number;
}

/** Samples are drawn anew for each pool of each update, and alike whenever and on however many ranks that pool is computed. */
export function samplingOf(
  { seed, training }: Pick<RunConfig, 'seed' | 'training'>,
  update: number,
  pool: number,
  sums: BackpropagatedSums,
): Sampling {
  return {
    share: training.gradientShare,
    draw: seededRandom(seed, 'gradient share', update, pool),
    onSampled({ passed, texts, variance, square }) {
      sums.texts += passed;
      sums.ofTexts += texts;
      sums.variance += variance;
      sums.square += square;
    },
  };
}

export const sharesOf = ({ texts, ofTexts, variance, square }: BackpropagatedSums): Backpropagated => ({
  ...{ texts, ofTexts },
  addedVariance: square === 0 ? 0 : variance / square,
});
