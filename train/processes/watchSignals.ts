import { stopSignals } from '../../configs/stopSignals.js';
import type { CommandSignal } from './spawnCommand.js';

/** Listens as long as the process lives: what was interrupted between two commands must not begin the next. */
export function watchSignals(): CommandSignal {
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  let isAsked = false;
  for (const signal of stopSignals)
    process.on(signal, () => {
      isAsked = true;
      for (const listener of listeners) listener(signal);
    });
  return {
    isAsked: () => isAsked,
    onAsked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
