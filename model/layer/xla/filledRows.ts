/**
 * Steps of the numbers of rows: few, because each is compiled for itself, and near enough to waste little where that counts.
 */
export function filledRows(count: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(16, count)));
  const step = power > 4096 ? power / 16 : power;
  return Math.ceil(count / step) * step;
}
