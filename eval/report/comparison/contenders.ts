import { level } from '../../statistics/differences.js';
import type { Stability } from './comparison.js';

/** What a reader wants first: the best model, and which others are not shown to be worse; in the order of their means. */
export interface Contenders {
  best: string;
  others: string[];
}

export function contendersOf({ models, standings }: Stability): Contenders {
  const best = standings.findIndex(({ pBest }) => pBest === null);
  const others = models
    .map((name, index) => ({ name, ...standings[index]! }))
    .filter(({ pBest }) => pBest !== null && pBest >= level)
    .sort((one, other) => other.mean - one.mean);
  return { best: models[best]!, others: others.map(({ name }) => name) };
}

/** Ranks from and to, as `1` or `1–3`. */
export const ranksOf = ({ lowRank, highRank }: Stability['standings'][number], dash = '–'): string =>
  lowRank === highRank ? `${lowRank}` : `${lowRank}${dash}${highRank}`;
