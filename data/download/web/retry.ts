import { setTimeout as sleep } from 'node:timers/promises';
import { PassingFailure, UnreachableError } from './webErrors.js';

/** How long to go on when what is asked for fails again and again. */
export interface Patience {
  /** Tries in a row that bring nothing at all. */
  tries: number;
  /** Wait after the first of them; it doubles from one to the next. */
  firstWaitMs: number;
  /** No wait is longer, not even one that a server asks for: that failure is final. */
  longestWaitMs: number;
}

export const defaultPatience: Patience = { tries: 5, firstWaitMs: 1000, longestWaitMs: 300_000 };

/**
 * Do work again after each `PassingFailure`, as long as patience lasts; work that got on starts the count anew.
 * @param onWait  told why and for how long it waits
 * @throws UnreachableError when patience is at its end
 */
export async function retry<T>(
  work: () => Promise<T>,
  patience: Patience,
  signal?: AbortSignal,
  onWait: (why: string, waitMs: number) => void = () => {},
): Promise<T> {
  for (let failures = 0; ;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PassingFailure)) throw error;
      failures = error.progressed ? 1 : failures + 1;
      const waitMs = error.waitMs ?? patience.firstWaitMs * 2 ** (failures - 1);
      if (failures >= patience.tries) throw new UnreachableError(error.message);
      if (waitMs > patience.longestWaitMs)
        throw new UnreachableError(`${error.message}; it asks to wait ${Math.round(waitMs / 1000)} s: run again then`);
      onWait(error.message, waitMs);
      await sleep(waitMs, undefined, signal && { signal });
    }
  }
}
