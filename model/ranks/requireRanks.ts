import { UserError } from '../../configs/userError.js';

/** Require a number of ranks that this machine can take. @param cards  that are visible here; none on a processor */
export function requireRanks(ranks: number, cards: number): void {
  if (!Number.isInteger(ranks) || ranks < 1)
    throw new UserError(`--ranks must be a whole number from 1 on: processes that share the work; got ${ranks}`);
  if (cards > 0 && ranks > cards)
    throw new UserError(
      `--ranks ${ranks} needs a card for each rank, and ${cards} ${cards === 1 ? 'is' : 'are'} visible here; take ` +
        `--ranks ${cards}, or compute on the processor with CUDA_VISIBLE_DEVICES= (nothing behind the sign)`,
    );
}

/** Require a query of each pool for every rank. */
export function requireQueries(ranks: number, queriesPerPool: number): void {
  if (ranks > queriesPerPool)
    throw new UserError(
      `${ranks} ranks share a pool of ${queriesPerPool} queries, and each needs one; take at most --ranks ` +
        `${queriesPerPool}, or raise training.queriesPerPool`,
    );
}
