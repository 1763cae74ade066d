import { stopSignals } from '../stopSignals.js';

/** Passes interruptions on to the command under way. */
export interface CommandSignal {
  isAsked(): boolean;
  /** @returns a function that ends the listening */
  onAsked(listener: (signal: NodeJS.Signals) => void): () => void;
}

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
