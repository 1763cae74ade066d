import { stopSignals } from '../stopSignals.js';

/** A terminal and npm may both pass on one Ctrl-C; what comes so soon after the first signal is no second one. */
const oneSignalMs = 1000;

let saving = 0;
let askedMs: number | undefined;

/**
 * Let a signal that asks this process to end do so by `process.exit`, so that claims and locks are given up, which a
 * signal alone would leave to others; where work goes on that saves first, when that has saved. A second signal ends the process
 * at once. A command that listens for itself sees to all of it, and then this does nothing.
 */
export function endWhenAsked(): void {
  for (const signal of stopSignals)
    process.on(signal, () => {
      if (process.listenerCount(signal) > 1) return;
      if (saving === 0 || (askedMs !== undefined && Date.now() - askedMs > oneSignalMs)) process.exit(130);
      if (askedMs !== undefined) return;
      askedMs = Date.now();
      console.error('interrupted: keeping what is done; once more ends at once');
    });
}

/** Let a signal that asks this process to end do so at once, also while it waits in native code, deaf to all that listens. */
export function endDeaf(): void {
  for (const signal of stopSignals) process.removeAllListeners(signal);
}

/** For work within `savingFirst`: whether it is to save what it has and give up the rest. */
export const isAskedToEnd = (): boolean => askedMs !== undefined;

/** Do work whose result must not be lost to a signal: the process ends only when it has returned or thrown. */
export async function savingFirst<T>(work: () => Promise<T>): Promise<T> {
  saving++;
  try {
    return await work();
  } finally {
    saving--;
    if (isAskedToEnd()) {
      console.error('what is done is kept; the same command goes on from there');
      process.exit(130);
    }
  }
}
