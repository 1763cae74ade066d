import { progressBar } from './progress.js';
import { withoutCredentials } from '../withoutCredentials.js';
import { stopSignals } from '../stopSignals.js';

/** What a download shows while it goes on. */
export interface DownloadScreen {
  /** A line of its own. */
  say(line: string): void;
  /**
   * @param total    bytes of all files
   * @param present  bytes of them that were there before
   */
  bar(total: number, present: number): { update(bytes: number, note?: string): void; stop(): void };
}

const megabyte = 1e6;

/**
 * Download progress on standard error. A signal to stop ends the process with 130; what has come by then stays.
 */
export const downloadScreen: DownloadScreen = {
  say: (line) => console.error(withoutCredentials(line)),
  bar(total, present) {
    const whole = Math.max(1, Math.ceil(total / megabyte));
    const bar = progressBar('downloading, MB', whole, Math.floor(present / megabyte));
    const onInterrupt = () => {
      bar.stop();
      console.error('interrupted; the same command goes on where the download stopped');
      process.exit(130);
    };
    for (const signal of stopSignals) process.once(signal, onInterrupt);
    return {
      update: (bytes, note) => bar.update(bytes === total ? whole : Math.floor(bytes / megabyte), note),
      stop() {
        for (const signal of stopSignals) process.off(signal, onInterrupt);
        bar.stop();
      },
    };
  },
};
