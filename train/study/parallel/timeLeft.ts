/** A cell as the table of a study shows it. */
export interface TimedCell {
  state: 'waiting' | 'at work' | 'over';
  /** Seconds that its plan gives it; undefined where that is not known. */
  planned: number | undefined;
  /** Seconds that it has taken so far. */
  seconds: number;
}

/**
 * Seconds until all cells are over, by their plans and by how the finished ones kept to theirs: at least what the longest
 * one at work still takes, at least what is left in all, shared out among the slots.
 * @returns undefined where the plan of a cell that is not over is not known
 */
export function timeLeft(cells: readonly TimedCell[], slots: number): number | undefined {
  const open = cells.filter(({ state }) => state !== 'over');
  if (open.some(({ planned }) => planned === undefined)) return undefined;
  const finished = cells.filter(({ state, seconds, planned }) => state === 'over' && seconds > 0 && planned);
  const ratio =
    finished.length === 0 ? 1 : sum(finished, ({ seconds }) => seconds) / sum(finished, ({ planned }) => planned!);
  const left = open.map(({ planned, seconds }) => Math.max(0, planned! * ratio - seconds));
  return Math.max(0, ...left, left.reduce((total, each) => total + each, 0) / slots);
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
