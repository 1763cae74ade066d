import { SingleBar } from 'cli-progress';

export interface ProgressBar {
  /** @param note  shown behind the bar, such as the loss */
  update(done: number, note?: string): void;
  stop(): void;
}

/** Without a terminal, a line is printed each time this share of the work is done. */
const PLAIN_SHARE = 0.1;

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
  let next = PLAIN_SHARE;
  return {
    update(done, note) {
      if (done / total < next) return;
      const seconds = (Date.now() - startMs) / 1000;
      const left = (seconds / done) * (total - done);
      console.error(`${what} ${done}/${total}, ${left.toFixed(0)} s left${note === undefined ? '' : `, ${note}`}`);
      next = Math.floor(done / total / PLAIN_SHARE + 1 + 1e-9) * PLAIN_SHARE;
    },
    stop: () => {},
  };
}
