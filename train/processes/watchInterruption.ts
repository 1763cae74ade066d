import { stopSignals } from '../../configs/stopSignals.js';

/** A terminal and npm may both pass on one Ctrl-C; what comes so soon after the first signal is no second one. */
const oneSignalMs = 1000;

/**
 * Watch for signals to stop: the first asks to save and end, a second one ends the process at once.
 * @param onFirst  told of the first
 */
export function watchInterruption(onFirst: () => void) {
  let askedMs: number | undefined;
  const listener = () => {
    if (askedMs !== undefined && Date.now() - askedMs > oneSignalMs) process.exit(130);
    if (askedMs !== undefined) return;
    askedMs = Date.now();
    onFirst();
  };
  for (const signal of stopSignals) process.on(signal, listener);
  return {
    isAsked: () => askedMs !== undefined,
    stop: () => stopSignals.forEach((signal) => process.off(signal, listener)),
  };
}
