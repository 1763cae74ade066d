/** Cosine of two vectors; 1 for two that are zero. */
export function cosine(one: ArrayLike<number>, two: ArrayLike<number>): number {
  const [dot, left, right] = [product(one, two), product(one, one), product(two, two)];
  return left === 0 && right === 0 ? 1 : dot / Math.sqrt(left * right);
}

/** The least cosine of the rows of two matrices. @param width  numbers of a row */
export function leastCosine(one: readonly number[], two: readonly number[], width: number): number {
  const rows = Array.from({ length: one.length / width }, (_, row) => [row * width, (row + 1) * width] as const);
  return Math.min(...rows.map(([from, to]) => cosine(one.slice(from, to), two.slice(from, to))));
}

/** Length of the difference as a share of the length of what is right. */
export function relativeError(found: readonly number[], right: readonly number[]): number {
  if (found.length !== right.length) throw new Error(`relativeError: ${found.length} numbers, not ${right.length}`);
  const difference = found.map((value, place) => value - right[place]!);
  return Math.sqrt(product(difference, difference) / product(right, right));
}

function product(one: ArrayLike<number>, two: ArrayLike<number>): number {
  let sum = 0;
  for (let place = 0; place < one.length; place++) sum += one[place]! * two[place]!;
  return sum;
}
