import type { Collective } from '../../model/engine/ranks/collective.js';
import { agreed } from '../step/exchange.js';
import { GivenUp } from '../step/givenUp.js';
import type { Scoring } from './scoring.js';

/**
 * Score an adapter where that is due, and agree with all ranks on what follows: the first of them alone scores.
 * @returns what was scored here, and whether training is to end for want of better scores, the same on every rank
 * @throws GivenUp, on every rank, where the first was asked to stop while it scored
 */
export async function scoreTogether(scoring: Scoring, update: number, collective: Collective) {
  const scored = await scoring.after(update).catch((error: unknown) => {
    if (error instanceof GivenUp) return undefined; // told to the others, who wait
    throw error;
  });
  const [isAtEnd, isGivenUp] = agreed(collective, [scoring.isAtEnd(), scored === undefined]);
  if (!scored || isGivenUp) throw new GivenUp();
  return { ...scored, isAtEnd };
}
