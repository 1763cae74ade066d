/** How the values of something are spread. Quantiles are values that occur: the smallest that so many do not exceed. */
export interface Spread {
  count: number;
  min: number;
  mean: number;
  median: number;
  p95: number;
  p99: number;
  max: number;
}

/** Counts whole numbers; memory grows with how many different ones there are, not with how many are added. */
export interface Tally {
  add(value: number): void;
  /** @throws when nothing was added */
  spread(): Spread;
  /** How many values are in [from, to). */
  between(from: number, to: number): number;
}

/** A tally without values. */
export function createTally(): Tally {
  const counts = new Map<number, number>();
  let count = 0;
  let sum = 0;
  return {
    add(value) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
      count++;
      sum += value;
    },
    spread() {
      if (count === 0) throw new Error('a tally without values has no spread');
      const sorted = [...counts].sort(([x], [y]) => x - y);
      const quantile = (share: number) => {
        let left = Math.ceil(share * count);
        return sorted.find(([, times]) => (left -= times) <= 0)![0];
      };
      const [min, max] = [sorted[0]![0], sorted.at(-1)![0]];
      return { count, min, mean: sum / count, median: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max };
    },
    between: (from, to) => [...counts].reduce((n, [value, times]) => n + (value >= from && value < to ? times : 0), 0),
  };
}
