import type { LiveLines } from '../../../configs/cli/liveLines.js';
import { duration } from '../planTable.js';
import { timeLeft, type TimedCell } from './timeLeft.js';

/** What is told of the cells of a study while they are worked through. */
export interface StudyScreen {
  begun(cell: string, state: string): void;
  /** What its command said. */
  said(cell: string, line: string): void;
  ended(cell: string, outcome: string): void;
}

/** One cell at a time: lines, what commands say set in. */
export function plainScreen(names: readonly string[], say: (line: string) => void): StudyScreen {
  return {
    begun: (cell, state) => say(`cell ${names.indexOf(cell) + 1} of ${names.length}: ${cell}, ${state}`),
    said: (_, line) => say(`  ${line}`),
    ended: (cell, outcome) => outcome.startsWith('failed') && say(`cell ${cell} ${outcome}`),
  };
}

/** A line of the table. */
interface Row extends TimedCell {
  name: string;
  /** What it is at, or what became of it. */
  now: string;
  sinceMs: number;
}

/**
 * Several cells at a time: one table for all of them with the time left, which changes in place on a terminal. Elsewhere
 * each line names its cell, and the time left stands behind what ends.
 * @param planned  seconds of each cell, by its name
 * @param live     of the terminal; undefined where there is none
 */
export function tableScreen(
  names: readonly string[],
  planned: ReadonlyMap<string, number | undefined>,
  slots: number,
  live: LiveLines | undefined,
  say: (line: string) => void,
  clock: () => number = Date.now,
): StudyScreen & { draw(): void } {
  const rows = new Map<string, Row>(
    names.map((name) => [
      name,
      { name, now: 'waiting', state: 'waiting', planned: planned.get(name), seconds: 0, sinceMs: 0 },
    ]),
  );
  const change = (cell: string, changed: Partial<Row>) => {
    rows.set(cell, { ...rows.get(cell)!, ...changed });
    if (live) draw();
  };
  const timed = () =>
    [...rows.values()].map((row) =>
      row.state === 'at work' ? { ...row, seconds: (clock() - row.sinceMs) / 1000 } : row,
    );
  const draw = () => live?.show(tableLines(timed(), slots));
  return {
    draw,
    begun(cell, state) {
      change(cell, { state: 'at work', now: state, sinceMs: clock() });
      if (!live) say(`${cell}: begun, ${state}`);
    },
    said(cell, line) {
      if (live) change(cell, { now: line });
      else say(`${cell}: ${line}`);
    },
    ended(cell, outcome) {
      const { state, sinceMs } = rows.get(cell)!;
      const seconds = state === 'at work' ? (clock() - sinceMs) / 1000 : 0;
      change(cell, { state: 'over', now: outcome, seconds });
      if (live) return;
      say(`${cell}: ${outcome}; ${summaryLine(timed(), slots)}`);
    },
  };
}

/** The table, and below it how much is done and how long the rest takes. */
export function tableLines(rows: readonly (TimedCell & { name: string; now: string })[], slots: number): string[] {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const times = rows.map(({ state, seconds }) => (state === 'waiting' || seconds === 0 ? '' : duration(seconds)));
  const column = Math.max(...times.map((time) => time.length));
  return [
    ...rows.map(({ name, now }, index) => `${name.padEnd(width)}  ${times[index]!.padStart(column)}  ${now}`.trimEnd()),
    summaryLine(rows, slots),
  ];
}

function summaryLine(rows: readonly TimedCell[], slots: number): string {
  const count = (state: TimedCell['state']) => rows.filter((row) => row.state === state).length;
  const left = timeLeft(rows, slots);
  const time = left === undefined ? 'time left not known' : `${duration(left)} left`;
  return `${count('over')} of ${rows.length} cells over, ${count('at work')} at work, ${time}`;
}
