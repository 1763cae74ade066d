/**
 * Add a product of two matrices of low rank to rows of a large one, in place: rows += left right.
 * Two rows and four ranks at a time: each number that is loaded is used several times, which plain loops would not do.
 * @param rows   [height, width]
 * @param left   [height, rank]
 * @param right  [rank, width]
 */
export function addLowRank(
  rows: Float32Array,
  left: Float32Array,
  right: Float32Array,
  height: number,
  rank: number,
  width: number,
): void {
  const wholeHeight = height - (height % 2);
  const wholeRank = rank - (rank % 4);
  for (let row = 0; row < wholeHeight; row += 2)
    for (let r = 0; r < wholeRank; r += 4) addFour(rows, left, right, row, r, rank, width);
  for (let row = 0; row < height; row++)
    for (let r = row < wholeHeight ? wholeRank : 0; r < rank; r++) addOne(rows, left, right, row, r, rank, width);
}

function addFour(
  rows: Float32Array,
  left: Float32Array,
  right: Float32Array,
  row: number,
  r: number,
  rank: number,
  width: number,
): void {
  const upper = left.subarray(row * rank + r, row * rank + r + 4);
  const lower = left.subarray((row + 1) * rank + r, (row + 1) * rank + r + 4);
  const [u0, u1, u2, u3] = upper as unknown as [number, number, number, number];
  const [l0, l1, l2, l3] = lower as unknown as [number, number, number, number];
  const begin = row * width;
  for (let column = 0; column < width; column++) {
    const at = r * width + column;
    const x0 = right[at]!;
    const x1 = right[at + width]!;
    const x2 = right[at + 2 * width]!;
    const x3 = right[at + 3 * width]!;
    rows[begin + column]! += u0 * x0 + u1 * x1 + u2 * x2 + u3 * x3;
    rows[begin + width + column]! += l0 * x0 + l1 * x1 + l2 * x2 + l3 * x3;
  }
}

function addOne(
  rows: Float32Array,
  left: Float32Array,
  right: Float32Array,
  row: number,
  r: number,
  rank: number,
  width: number,
): void {
  const factor = left[row * rank + r]!;
  for (let column = 0; column < width; column++) rows[row * width + column]! += factor * right[r * width + column]!;
}
