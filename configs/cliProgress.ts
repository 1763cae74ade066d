import { SingleBar } from 'cli-progress';

export interface ProgressBar {
  /** @param note  shown behind the bar, such as the loss */
  update(done: number, note?: string): void;
  stop(): void;
}

/** Without a terminal, a line is printed when this share of the work was done since the last, and this time passed. */
const plainShare = 0.1;
const plainPauseMs = 5000;

/**
 * Progress of long work on standard error: a bar with the time left on a terminal, plain lines elsewhere.
 * @param what   such as `encoding`
 * @param total  in units of `update`
 */
export function progressBar(what: string, total: number): ProgressBar {
  return process.stderr.isTTY ? terminalBar(what, total) : plainLines(what, total);
}

function terminalBar(what: string, total: number): ProgressBar {
  const bar = new SingleBar({
    format: `${what} {bar} {value}/{total} | {eta_formatted} left {note}`,
    stream: process.stderr,
    hideCursor: true,
    barsize: 24,
    etaBuffer: 50,
    clearOnComplete: false,
  });
  bar.start(total, 0, { note: '' });
  return {
    update: (done, note) => bar.update(done, note === undefined ? {} : { note: `| ${note}` }),
    stop: () => bar.stop(),
  };
}

function plainLines(what: string, total: number): ProgressBar {
  const startMs = Date.now();
  let last = { done: 0, ms: startMs };
  return {
    update(done, note) {
      const ms = Date.now();
      if ((done - last.done) / total < plainShare || ms - last.ms < plainPauseMs) return;
      const left = ((ms - startMs) / done) * (total - done);
      console.error(
        `${what} ${done}/${total}, ${(left / 1000).toFixed(0)} s left${note === undefined ? '' : `, ${note}`}`,
      );
      last = { done, ms };
    },
    stop: () => {},
  };
}
