/** Which texts of a pool the second pass is made for. */
export interface TextSample {
  /** What each text's gradient is multiplied by: 1 where it is always backpropagated, 0 where it is left out this time. */
  factors: Float64Array;
  /** Texts that are backpropagated. */
  passed: number;
  /** Expected squared distance between the sampled gradients of all embeddings and the exact ones. */
  variance: number;
  /** Squared length of the exact ones. */
  square: number;
}

/**
 * Draw the texts that are backpropagated, each with a probability in proportion to the length of its gradient, at most 1, by
 * which what is backpropagated is divided: the expected gradient is the exact one. Of all such ways it is the one with
 * fewest texts whose expected squared length the exact gradient has a share of; every draw is independent of the others.
 * Source: Poisson sampling with the Horvitz-Thompson estimator; for gradients, Alain et al. (arXiv 1511.06481).
 * @param lengths  of each text's gradient
 * @param share    of the exact gradient in the expected squared length of the sampled one, above 0; 1 leaves out nothing but zeros
 * @param draw     gives a number in [0, 1) for each text in turn
 */
export function sampleTexts(lengths: ArrayLike<number>, share: number, draw: () => number): TextSample {
  const square = sum(lengths, (length) => length ** 2);
  const bound = square * (1 / share - 1);
  const least = leastCertain(lengths, bound);
  const chances = Float64Array.from(lengths, (length) => (length === 0 ? 0 : Math.min(1, length / least)));
  const factors = chances.map((chance) => (draw() < chance ? 1 / chance : 0));
  const variance = sum(chances, (chance, text) => (chance === 0 ? 0 : (1 / chance - 1) * lengths[text]! ** 2));
  return { factors, passed: factors.filter((factor) => factor > 0).length, variance, square };
}

/**
 * The length from which on texts are always backpropagated. With t for it, a shorter text of length n adds (t / n - 1) n^2 to the
 * variance; t is where these come to the bound.
 */
function leastCertain(lengths: ArrayLike<number>, bound: number): number {
  const ascending = Float64Array.from(lengths).sort();
  let [shorter, squares, least] = [0, 0, 0];
  for (const length of ascending) {
    // All shorter ones being left to chance, this one is too if the bound is not reached at its length.
    if (length * shorter - squares > bound) break;
    shorter += length;
    squares += length ** 2;
    least = shorter === 0 ? 0 : (bound + squares) / shorter;
  }
  return least;
}

function sum(values: ArrayLike<number>, of: (value: number, index: number) => number): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += of(values[index]!, index);
  return total;
}
