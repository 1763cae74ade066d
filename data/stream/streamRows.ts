import type { ExampleFile } from '../arrow/openExamples.js';
import { streamGroups } from './streamGroups.js';
import { streamExamples, type PlacedExample, type StreamOptions } from './shuffle.js';

export interface RowOptions extends StreamOptions {
  /** Rows that come one after another out of the same file; any file when left out. */
  groupRows?: number | undefined;
  /** Number of this process, 0 to `world` - 1, among those that share the rows. */
  rank?: number;
  world?: number;
}

/**
 * The training rows of one process, endless. Row i of all is that of process i mod `world`, so that the processes have
 * no row in common and together all rows, in the order that one process alone would see. Positions are the same in
 * all of them: each points behind the last row of a round over the processes.
 */
export async function* streamRows(files: ExampleFile[], options: RowOptions): AsyncGenerator<PlacedExample> {
  const { groupRows, rank = 0, world = 1 } = options;
  if (!(rank >= 0 && rank < world)) throw new Error(`a rank must be from 0 to ${world - 1}; got ${rank}`);
  const rows =
    groupRows === undefined ? streamExamples(files, options) : streamGroups(files, { ...options, groupRows });
  let current: PlacedExample | undefined;
  let index = 0;
  for await (const row of rows) {
    if (index === rank) current = row;
    if (++index < world) continue;
    yield { ...current!, next: row.next };
    index = 0;
  }
}
