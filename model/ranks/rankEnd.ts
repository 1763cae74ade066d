/** How a rank ended. */
export interface RankEnd {
  rank: number;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it said of why it failed. */
  failure: string | undefined;
  /** This process ended it, since others had failed. */
  isEnded: boolean;
}

/** How a rank that said nothing ended, for people. */
export const howEnded = ({ code, signal }: RankEnd): string =>
  signal === null
    ? `ended with exit code ${code}`
    : `was ended by ${signal}${signal === 'SIGKILL' ? ', as when memory runs out' : ''}`;
