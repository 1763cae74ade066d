import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { UserError } from '../../../configs/userError.js';
import { table } from './table.js';

/** One run of the benchmark. Ratios alone are kept of what it found: seconds of a shared machine say little a month later. */
export interface HistoryLine {
  date: string;
  commit: string;
  /** What has to be the same in two runs whose ratios are set beside each other: machine, engine, base, texts, pool. */
  setting: Record<string, string>;
  ratios: Record<string, number>;
}

/** The lines of a file, none where it is not there. A last line that was cut off is left out. @throws UserError */
export function readHistory(file: string): HistoryLine[] {
  if (!existsSync(file)) return [];
  return wholeLines(file)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => lineOf(line) ?? refuse(file, index + 1));
}

/** Append the line, in the place of one that was cut off there. */
export function appendHistory(file: string, line: HistoryLine): void {
  if (existsSync(file)) truncateSync(file, Buffer.byteLength(wholeLines(file)));
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** Each ratio beside that of the latest earlier run of the same setting, as a table; undefined where there is none. */
export function drift(earlier: readonly HistoryLine[], now: HistoryLine): string | undefined {
  const isSame = ({ setting }: HistoryLine) => JSON.stringify(setting) === JSON.stringify(now.setting);
  const hasSome = ({ ratios }: HistoryLine) => Object.keys(now.ratios).some((name) => name in ratios);
  const last = earlier.filter((line) => isSame(line) && hasSome(line)).at(-1);
  if (!last) return undefined;
  const rows = Object.entries(now.ratios).map(([name, value]) => {
    const before = last.ratios[name];
    if (before === undefined) return [name, '-', value.toPrecision(3), '-'];
    const change = 100 * (value / before - 1);
    return [name, before.toPrecision(3), value.toPrecision(3), `${change < 0 ? '' : '+'}${change.toFixed(1)} %`];
  });
  return table(['ratio', `${last.date.slice(0, 10)} ${last.commit}`, 'now', 'change'], rows);
}

function wholeLines(file: string): string {
  const text = readFileSync(file, 'utf8');
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

function lineOf(text: string): HistoryLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<HistoryLine> | null;
    const isWhole = typeof line?.date === 'string' && typeof line.commit === 'string';
    const holds = typeof line?.setting === 'object' && typeof line.ratios === 'object';
    return isWhole && holds ? (line as HistoryLine) : undefined;
  } catch {
    return undefined;
  }
}

function refuse(file: string, line: number): never {
  throw new UserError(`--history: line ${line} of ${file} is none that a benchmark wrote; name another file`);
}
