import { SingleBar } from 'cli-progress';

export interface ProgressBar {
  /** @param note  shown behind the bar, such as the loss */
  update(done: number, note?: string): void;
  stop(): void;
}

/** Without a terminal, a line is printed when this share of the work was done since the last, but not too often. */
const plainShare = 0.1;
const plainShortestMs = 5000;
/** And when nothing was printed for so long. */
const plainLongestMs = 60_000;

/**
 * Progress of long work on standard error: a bar with the time left on a terminal, plain lines elsewhere.
 * @param what   such as `encoding`
 * @param total  in units of `update`
 * @param from   done already when the work starts: no time was spent on it
 */
export function progressBar(what: string, total: number, from = 0): ProgressBar {
  return process.stderr.isTTY ? terminalBar(what, total, from) : plainLines(what, total, from);
}

/** Do work under a bar, which appears once the work says how much there is, and goes when it ends or fails. */
export async function withBar<T>(what: string, work: (onProgress: (done: number, all: number) => void) => Promise<T>) {
  let bar: ProgressBar | undefined;
  try {
    return await work((done, all) => {
      bar ??= progressBar(what, all);
      bar.update(done);
    });
  } finally {
    bar?.stop();
  }
}

/** Bars for works one after the other: the next one begins where work of another name tells of itself. */
export function progressBars() {
  let shown: { what: string; bar: ProgressBar } | undefined;
  const stop = () => {
    shown?.bar.stop();
    shown = undefined;
  };
  return {
    isShown: () => shown !== undefined,
    update(what: string, done: number, all: number, from = 0): void {
      if (shown?.what !== what) {
        stop();
        shown = { what, bar: progressBar(what, all, from) };
      }
      shown.bar.update(done);
    },
    stop,
  };
}

function terminalBar(what: string, total: number, from: number): ProgressBar {
  const bar = new SingleBar({
    format: `${what} {bar} {value}/{total} | {eta_formatted} left {note}`,
    stream: process.stderr,
    hideCursor: true,
    barsize: 24,
    etaBuffer: 50,
    clearOnComplete: false,
  });
  bar.start(total, from, { note: '' });
  const stop = () => bar.stop();
  process.once('exit', stop); // the cursor is hidden until then
  return {
    update: (done, note) => bar.update(done, note === undefined ? {} : { note: `| ${note}` }),
    stop() {
      process.off('exit', stop);
      stop();
    },
  };
}

function plainLines(what: string, total: number, from: number): ProgressBar {
  const startMs = Date.now();
  let last = { done: from, ms: startMs };
  return {
    update(done, note) {
      const ms = Date.now();
      const isDue = (done - last.done) / total >= plainShare && ms - last.ms >= plainShortestMs;
      if (!isDue && ms - last.ms < plainLongestMs) return;
      const left = ((ms - startMs) / Math.max(1, done - from)) * (total - done);
      console.error(
        `${what} ${done}/${total}, ${(left / 1000).toFixed(0)} s left${note === undefined ? '' : `, ${note}`}`,
      );
      last = { done, ms };
    },
    stop: () => {},
  };
}
