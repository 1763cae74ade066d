import { seededRandom } from '../../data/random.js';
import { signedSums, signFlipTail } from './signFlipTail.js';

export interface TestOptions {
  seed: number;
  /** Random draws. */
  draws?: number;
}

/**
 * Two-sided p-value of "these differences are as likely to have the other sign": how often the mean would be as far
 * from 0 if each sign were drawn at random. Up to 20 differences every combination is counted; beyond, `draws` random
 * ones, as `signFlipTail` draws them: p has no floor but that of the data, so that it can be read at any level.
 * Source: Smucker, Allan and Carterette, CIKM 2007, section 3.3.
 * @param differences  one a query
 * @returns above 0, to 1; 1 where there is no difference at all
 */
export function randomizationTest(
  differences: readonly number[],
  { seed, draws = 2 * defaultDraws }: TestOptions,
): number {
  const sizes = differences.map(Math.abs).filter((size) => size > 0); // a 0 is the same with either sign
  const observed = Math.abs(sum(differences));
  const least = observed - 1e-12 * sum(sizes); // the same sum in another order of adding
  if (least <= 0) return 1;
  if (2 ** sizes.length > exactCombinations) return signFlipTail(sizes, least, seed, draws);
  const sums = signedSums(sizes);
  const blocks = sums.length / 256;
  const combinations = 2 ** sizes.length;
  let extreme = 0;
  for (let signs = 0; signs < combinations; signs++) {
    let total = 0;
    for (let block = 0; block < blocks; block++) total += sums[block * 256 + ((signs >> (8 * block)) & 255)]!;
    if (Math.abs(total) >= least) extreme++;
  }
  return extreme / combinations;
}

export interface Interval {
  low: number;
  high: number;
}

/**
 * The middle 95 % of the means of samples drawn with replacement: between what the mean would be on other queries of
 * the same kind. Source: Efron and Tibshirani, An Introduction to the Bootstrap, section 13.3 (percentile interval).
 * @param values  one a query, at least one
 */
export function bootstrapInterval(values: readonly number[], { seed, draws = defaultDraws }: TestOptions): Interval {
  if (values.length === 0) throw new Error('a bootstrap interval needs at least one value');
  const random = seededRandom('bootstrap', seed);
  const means = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    let total = 0;
    for (let count = 0; count < values.length; count++) total += values[Math.floor(random() * values.length)]!;
    means[draw] = total / values.length;
  }
  means.sort();
  return { low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

/**
 * P-values for a family of comparisons, raised so that the chance of any false finding among them all stays below the
 * level they are read at. Source: Holm, Scandinavian Journal of Statistics 6, 1979.
 * @returns in the order given
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const adjusted = pValues.slice();
  let least = 0;
  [...pValues.keys()]
    .sort((one, two) => pValues[one]! - pValues[two]!)
    .forEach((place, smaller) => {
      least = Math.max(least, Math.min(1, (pValues.length - smaller) * pValues[place]!));
      adjusted[place] = least;
    });
  return adjusted;
}

/** The value below which a share of the sorted values lies, read between neighbours. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (place % 1) * (sorted[Math.ceil(place)]! - below);
}

const defaultDraws = 10_000;
const exactCombinations = 2 ** 20;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
