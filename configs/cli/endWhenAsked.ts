import { stopSignals } from '../stopSignals.js';

/**
 * Let a signal that asks this process to end do so by `process.exit`, so that claims and locks are given up, which a
 * signal alone would leave to others. A command that saves first listens for itself, and then this does nothing.
 */
export function endWhenAsked(): void {
  for (const signal of stopSignals)
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(130);
    });
}
