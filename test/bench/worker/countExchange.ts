import type { Collective } from '../../../model/engine/ranks/collective.js';

/** What a rank spent on exchanges: seconds, waiting for others included, and the bytes that came in over its link. */
export interface ExchangeCost {
  seconds: number;
  bytes: number;
}

/** The same collective, whose gathers and sums are counted. @returns what was spent since it was last asked */
export function countExchange(collective: Collective): { collective: Collective; take: () => ExchangeCost } {
  const { ranks } = collective.place;
  let spent: ExchangeCost = { seconds: 0, bytes: 0 };
  const count = <T>(bytes: number, exchange: () => T): T => {
    const startMs = performance.now();
    const result = exchange();
    spent.seconds += (performance.now() - startMs) / 1000;
    spent.bytes += bytes;
    return result;
  };
  return {
    collective: {
      ...collective,
      gather: (rows) => count(4 * rows.size * (ranks - 1), () => collective.gather(rows)),
      // A ring: parts of the sum come in once, and once more when they are whole.
      sum: (values) => count((4 * values.size * 2 * (ranks - 1)) / ranks, () => collective.sum(values)),
    },
    take() {
      const taken = spent;
      spent = { seconds: 0, bytes: 0 };
      return taken;
    },
  };
}
