import { isChoice, type HistoryEntry } from '../history.js';

/**
 * The champions before the one in use, the latest first. A champion that was rolled back from is no predecessor of the one
 * put back: who rolls back twice gets further back, not forward again.
 */
export function predecessors(history: readonly HistoryEntry[]): string[] {
  const line: string[] = [];
  for (const { run, outcome } of history.filter(isChoice)) {
    const before = line.lastIndexOf(run);
    if (outcome === 'rolled back' && before >= 0) line.length = before + 1;
    else line.push(run);
  }
  const current = line.at(-1);
  return [...new Set(line.reverse())].filter((run) => run !== current);
}
