/** Least cosine between rows of two sides, which lie one after another. */
export function leastCosine(ours: number[], theirs: number[], dimensions: number): number {
  let least = Infinity;
  for (let begin = 0; begin < ours.length; begin += dimensions) {
    let [product, own, other] = [0, 0, 0];
    for (let place = begin; place < begin + dimensions; place++) {
      product += ours[place]! * theirs[place]!;
      own += ours[place]! ** 2;
      other += theirs[place]! ** 2;
    }
    least = Math.min(least, product / Math.sqrt(own * other));
  }
  return least;
}
