/**
 * How alike two orders are: 1 the same, -1 reversed, 0 unrelated. Ties are counted as tau-b does.
 * Source: Kendall, Biometrika 33, 1945.
 * @param one    a value for each item; only their order matters
 * @param other  as long as `one`
 * @returns null where all values of one side are equal
 */
export function kendallTau(one: readonly number[], other: readonly number[]): number | null {
  let agreement = 0;
  let [untiedOne, untiedOther] = [0, 0];
  for (let i = 0; i < one.length; i++)
    for (let j = 0; j < i; j++) {
      const first = Math.sign(one[i]! - one[j]!);
      const second = Math.sign(other[i]! - other[j]!);
      agreement += first * second;
      untiedOne += Math.abs(first);
      untiedOther += Math.abs(second);
    }
  return untiedOne * untiedOther === 0 ? null : agreement / Math.sqrt(untiedOne * untiedOther);
}
