/** Which of the processes of one run this one is. */
export interface RankPlace {
  /** From 0. */
  rank: number;
  /** How many there are in all. */
  ranks: number;
  /** The same among those on this machine. */
  localRank: number;
  localRanks: number;
  /** Where each listens, `host:port`, in the order of ranks. */
  addresses: string[];
}

/** A process that is a run by itself. */
export const alonePlace: RankPlace = { rank: 0, ranks: 1, localRank: 0, localRanks: 1, addresses: [] };
