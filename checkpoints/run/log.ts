import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import winston from 'winston';
import { UserError } from '../../configs/userError.js';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { writeBeside } from '../../data/files/writeBeside.js';

/** One line of a run's log. */
export interface LogEvent {
  event: string;
  /** ISO 8601, universal time. */
  time: string;
  step?: number;
  [field: string]: unknown;
}

export interface RunLog {
  /**
   * `log.info('step', { step, loss })` becomes {"event":"step","time":"...","step":1,"loss":0.5}. A field called
   * `message` or `level` is refused: winston takes these for its own.
   */
  log: winston.Logger;
  /** @throws UserError when a line could not be written, as on a full disk */
  check(): void;
  close(): void;
}

/**
 * Open a run's log for more lines. A line is with the system when the call that logs it returns.
 * @param clock  milliseconds since 1970
 */
export function openRunLog(file: string, clock: () => number = Date.now): RunLog {
  const descriptor = openToAppend(file);
  let failure: Error | undefined;
  const stream = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      try {
        const bytes = Buffer.from(line);
        // After a failure nothing more is written: the torn line stays the last one, which readers expect.
        for (let at = failure ? bytes.length : 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
      } catch (error) {
        failure = explainWriteFailure(error, file) as Error;
      }
      done();
    },
  });
  const format = winston.format.printf(({ level: _level, message, ...fields }) =>
    JSON.stringify({ event: message, time: new Date(clock()).toISOString(), ...fields }),
  );
  const transport = new winston.transports.Stream({ stream, eol: '\n' });
  const log = winston.createLogger({ level: 'info', format, transports: [transport] });
  refuseFields(log, ['message', 'level']);
  return {
    log,
    check: () => {
      if (failure) throw failure;
    },
    close: () => closeSync(descriptor),
  };
}

/** A log that is kept nowhere: `warn` is told the texts of warnings, as a person is to read them. */
export function unkeptLog(warn: (text: string) => void): RunLog {
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      warn(text.trimEnd());
      done();
    },
  });
  const format = winston.format.printf(({ text }) => String(text));
  const transport = new winston.transports.Stream({ stream, eol: '\n' });
  const log = winston.createLogger({ level: 'warn', format, transports: [transport] });
  return { log, check: () => {}, close: () => {} };
}

/**
 * Read a run's log. A last line that was torn when its process died is left out.
 * @throws UserError when the file is missing or another line is damaged
 */
export async function readLog(file: string): Promise<LogEvent[]> {
  return (await readLines(file)).map(({ event }) => event);
}

/**
 * Cut a log back to a saved step: what came after it is about to happen again, so that the log reads as if the run had
 * never stopped. The end of an interrupted run goes too, a torn last line, and the evaluations and warnings after the
 * last step that stays: a resumed run says them again.
 * @param lastStep  the greatest step whose events stay
 */
export async function truncateLog(file: string, lastStep: number): Promise<void> {
  const lines = await readLines(file);
  const cut = lines.findIndex(({ event }) => (event.step ?? 0) > lastStep);
  const before = (cut < 0 ? lines : lines.slice(0, cut)).filter(({ event }) => event.event !== 'end');
  const isTraining = before.map(({ event }) => event.step !== undefined && !saidAgain.includes(event.event));
  const lastKept = isTraining.lastIndexOf(true);
  const kept = before.filter(({ event }, index) => index <= lastKept || !saidAgain.includes(event.event));
  await writeBeside(file, kept.map(({ text }) => text + '\n').join(''));
}

const saidAgain = ['eval', 'warning'];

function openToAppend(file: string): number {
  try {
    return openSync(file, 'a');
  } catch (error) {
    throw explainWriteFailure(error, file);
  }
}

/** Every method of a level goes through `log`. */
function refuseFields(logger: winston.Logger, names: string[]): void {
  const log = logger.log.bind(logger) as (...values: unknown[]) => winston.Logger;
  logger.log = (...values: unknown[]) => {
    const fields: object = values[2] ?? {};
    for (const name of names)
      if (name in fields) throw new Error(`log event ${String(values[1])}: a field may not be called ${name}`);
    return log(...values);
  };
}

async function readLines(file: string): Promise<{ text: string; event: LogEvent }[]> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new UserError(`${file} does not exist`) : error;
  });
  // What follows the last line break is empty, or torn.
  const lines = content.split('\n').slice(0, -1);
  return lines.map((text, i) => {
    try {
      return { text, event: JSON.parse(text) as LogEvent };
    } catch {
      throw new UserError(`${file}: line ${i + 1} is not JSON; restore the log or remove that line`);
    }
  });
}
