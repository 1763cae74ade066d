import type { Operations } from '../study/operations.js';
import { duration } from '../study/planTable.js';

/** Seconds that each phase of a run takes; undefined where its size is not known. */
export interface PhaseTimes {
  download: number;
  import: number;
  training: number | undefined;
  /** Of scoring while training, all in all. */
  during: number | undefined;
  export: number | undefined;
  /** Of the base and of what it becomes: encoding, beside which search and BM25 are little. */
  scoring: number | undefined;
}

/** Bytes a second that a download is taken to bring: a line of 160 Mbit/s. */
const downloadSpeed = 20e6;

/** Compressed bytes a second that an import is taken to read: unpacked, checked and compressed again on one core. */
const importSpeed = 5e6;

/** Texts by which an exported form is proved, each encoded by training, by the base and from the file. */
const proofTokens = 3 * 10 * 20;

/** What a phase has to do. */
export interface PhaseWork {
  downloadBytes: number;
  importBytes: number;
  operations: Operations | undefined;
  /** Operations that this machine does in a second. */
  speed: number;
}

/** How long the phases of a run take at the speed of this machine. */
export function phaseTimes({ downloadBytes, importBytes, operations, speed }: PhaseWork): PhaseTimes {
  const secondsOf = (count: number | undefined) => (count === undefined ? undefined : count / speed);
  return {
    download: downloadBytes / downloadSpeed,
    import: importBytes / importSpeed,
    training: secondsOf(operations?.training),
    during: operations ? secondsOf(operations.during) : 0,
    export: secondsOf(operations && (proofTokens * operations.trainingToken) / 3), // forward alone
    scoring: secondsOf(operations?.encoding && 2 * operations.encoding),
  };
}

/** The phases in one line, and what comes together of them. */
export function describeTimes(times: PhaseTimes): string {
  const phases = (Object.entries(times) as [string, number | undefined][]).filter(([, seconds]) => seconds !== 0);
  const sum = phases.reduce((total, [, seconds]) => total + (seconds ?? 0), 0);
  const unknown = phases.filter(([, seconds]) => seconds === undefined).map(([phase]) => phase);
  const all = `${duration(sum)} in all${unknown.length > 0 ? ` without ${unknown.join(' and ')}` : ''}`;
  return [
    ...phases.map(
      ([phase, seconds]) =>
        `${phase === 'during' ? 'scoring while training' : phase} ${seconds === undefined ? 'not known' : duration(seconds)}`,
    ),
    all,
  ].join(', ');
}

/** Where the times come from. @param measured  of the machine, in words */
export function describeSpeed({ download, import: importing }: PhaseTimes, measured: string): string {
  const assumed = [
    ...(download > 0 ? [`downloads at ${downloadSpeed / 1e6} MB/s`] : []),
    ...(importing > 0 ? [`imports at ${importSpeed / 1e6} MB/s`] : []),
  ];
  return [measured, ...(assumed.length > 0 ? [`${assumed.join(' and ')} are assumed`] : [])].join('; ');
}
