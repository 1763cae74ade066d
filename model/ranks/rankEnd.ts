/** How a rank ended. */
export interface RankEnd {
  rank: number;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it said of why it failed. */
  failure: string | undefined;
  /** This process ended it, since someone had stopped it for too long. */
  isStopped: boolean;
  /** This process ended it, since others had failed. */
  isEnded: boolean;
}

/** How a rank that said nothing ended, for people. */
export function howEnded({ code, signal, isStopped }: RankEnd): string {
  if (isStopped) return 'was stopped (SIGSTOP, or a debugger) for so long that it counts as gone, and was ended';
  if (signal === null) return `ended with exit code ${code}`;
  return `was ended by ${signal}${signal === 'SIGKILL' ? ', as when memory runs out' : ''}`;
}
