import { seededRandom } from '../../data/random.js';
import { aliasTable } from './aliasTable.js';

/**
 * How likely a sum of these sizes with random signs is at least as far from 0 as `least`, also where that is as rare as
 * 1e-100. Signs are drawn with a preference for plus, in several strengths, and each draw counts by how much rarer it is
 * without. The weight of the observed sum is added, which makes this a p-value whatever was drawn: below any level no more often
 * than the level says. So a sum that no draw reaches gets an upper bound, never 0.
 * Source: exponential tilting, Siegmund, Annals of Statistics 4, 1976; the mixture, Owen and Zhou, JASA 95, 2000; the
 * correction, Harrison, Biometrika 99, 2012. The strengths depend on the sizes alone, as it asks for.
 * @param sizes  above 0, at least one
 * @param least  above 0
 */
export function signFlipTail(sizes: readonly number[], least: number, seed: number, draws: number): number {
  const deviation = Math.sqrt(sizes.reduce((sum, size) => sum + size * size, 0));
  const scaled = sizes.map((size) => size / deviation);
  const tilts = tiltsOf(scaled);
  const weightOf = (sum: number) => {
    const logs = tilts.map(({ strength, share, logMean }) => Math.log(share) - logMean + logCosh(strength * sum));
    const greatest = Math.max(...logs);
    return Math.exp(-greatest - Math.log(logs.reduce((total, log) => total + Math.exp(log - greatest), 0)));
  };
  const observed = least / deviation;
  const random = seededRandom('randomization test', seed);
  const counts = new Uint32Array(tilts.length);
  for (let draw = 0; draw < draws; draw++) {
    let left = random();
    let chosen = 0;
    while (chosen < tilts.length - 1 && (left -= tilts[chosen]!.share) >= 0) chosen++;
    counts[chosen]!++;
  }
  const sums = signedSums(scaled);
  let total = weightOf(observed);
  for (const [index, { strength }] of tilts.entries())
    for (const sum of tiltedSums(scaled, sums, strength, counts[index]!, random))
      if (Math.abs(sum) >= observed) total += weightOf(sum);
  return Math.max(Number.MIN_VALUE, Math.min(1, total / (draws + 1)));
}

/**
 * For every eight sizes, the sums that each of their 256 combinations of signs has: a draw then adds one number for eight.
 * A bit that is set stands for a minus.
 */
export function signedSums(sizes: readonly number[]): Float64Array {
  const blocks = Math.ceil(sizes.length / 8);
  const sums = new Float64Array(blocks * 256);
  for (let block = 0; block < blocks; block++)
    for (let signs = 0; signs < 256; signs++)
      for (let index = 0; index < 8; index++) {
        const size = sizes[block * 8 + index] ?? 0;
        sums[block * 256 + signs]! += signs & (1 << index) ? -size : size;
      }
  return sums;
}

interface Tilt {
  /** A size's sign is plus exp(2 strength size) times as often as minus. */
  strength: number;
  /** Of the draws. */
  share: number;
  /** Logarithm of the mean of exp(strength sum) over random signs. */
  logMean: number;
}

/** Where the draws of a tilt lie, in standard deviations of the sum: close together where verdicts are made. */
const centres = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 27, 33];
const usual = 6;

function tiltsOf(sizes: readonly number[]): Tilt[] {
  const greatest = sizes.reduce((sum, size) => sum + size, 0);
  const reached = centres.filter((centre) => centre < 0.98 * greatest);
  const shareOf = (place: number) => (place < usual ? 1 / usual : 1 / 3 / (centres.length - usual));
  const all = reached.reduce((sum, _, place) => sum + shareOf(place), 0);
  let strength = 0;
  return reached.map((centre, index) => {
    strength = strengthFor(sizes, centre, strength);
    const logMean = sizes.reduce((sum, size) => sum + logCosh(strength * size), 0);
    return { strength, share: shareOf(index) / all, logMean };
  });
}

/**
 * The strength whose mean sum is this one. The mean grows ever slower with the strength, so that Newton's steps from below
 * stay below.
 * @param from  not above the strength that is looked for
 */
function strengthFor(sizes: readonly number[], mean: number, from: number): number {
  let strength = from;
  for (let round = 0; round < 100; round++) {
    let missing = mean;
    let slope = 0;
    for (const size of sizes) {
      const tilt = Math.tanh(strength * size);
      missing -= size * tilt;
      slope += size * size * (1 - tilt * tilt);
    }
    strength += Math.max(0, missing) / slope;
    if (missing < 1e-9 * mean) break;
  }
  return strength;
}

/** Sums whose signs are tilted: for each block of eight sizes one of its 256 combinations. */
function tiltedSums(
  sizes: readonly number[],
  sums: Float64Array,
  strength: number,
  count: number,
  random: () => number,
): Float64Array {
  const totals = new Float64Array(count);
  // Block by block, so that its table stays in the processor's cache.
  for (let begin = 0; begin < sums.length; begin += 256) {
    const { kept, other } = aliasTable(chancesOf(sizes.slice(begin / 32, begin / 32 + 8), strength));
    for (let draw = 0; draw < count; draw++) {
      const at = 256 * random();
      const cell = Math.floor(at);
      totals[draw]! += sums[begin + (at - cell < kept[cell]! ? cell : other[cell]!)]!;
    }
  }
  return totals;
}

/** How often each combination of signs of at most eight sizes comes. */
function chancesOf(sizes: readonly number[], strength: number): Float64Array {
  const chances = new Float64Array(256);
  chances[0] = 1;
  for (let index = 0; index < 8; index++) {
    const minus = 1 / (1 + Math.exp(2 * strength * (sizes[index] ?? 0)));
    for (let signs = 0; signs < 1 << index; signs++) {
      chances[signs | (1 << index)] = chances[signs]! * minus;
      chances[signs]! *= 1 - minus;
    }
  }
  return chances;
}

const logCosh = (x: number) => Math.abs(x) + Math.log1p(Math.exp(-2 * Math.abs(x))) - Math.LN2;
