import { UserError } from '../configs/userError.js';
import type { ExampleFile } from './arrow/openExamples.js';
import type { Example } from './example.js';
import { seededRandom, shuffle } from './random.js';

/** The next row to be given out: row `row` of window `window` of epoch `epoch`, all counted from 0. */
export interface Position {
  epoch: number;
  window: number;
  row: number;
}

/**
 * Every example once an epoch, endlessly, in an order that depends on the seed alone. The record batches of all files
 * are put in a random order and taken in windows of at least `windowRows` rows, as few batches as reach it; the rows
 * of a window are put in a random order. Two windows are in memory at most: the next one is read while one is used.
 * @param options.from  where to go on: that window is read and `row` rows of it are skipped, nothing is replayed
 * @throws UserError when `from` does not lie in these files
 */
export async function* streamExamples(
  files: ExampleFile[],
  options: { seed: number; windowRows: number; from?: Position },
): AsyncGenerator<{ example: Example; next: Position }> {
  const { seed, windowRows } = options;
  let position = options.from ?? { epoch: 0, window: 0, row: 0 };
  let loading = load(files, seed, windowRows, position);
  try {
    for (;;) {
      const { rows, following } = await loading;
      if (position.row >= rows.length) throw outside(position);
      loading = load(files, seed, windowRows, following);
      loading.catch(() => {}); // reported when its turn comes, should it come
      for (let row = position.row; row < rows.length; row++) {
        const isLast = row + 1 === rows.length;
        yield { example: rows[row]!, next: isLast ? following : { ...position, row: row + 1 } };
      }
      position = following;
    }
  } finally {
    await loading.catch(() => {}); // files may be closed once this generator has ended
  }
}

/** Rows of one window in their order, and where the window after it begins. */
async function load(files: ExampleFile[], seed: number, windowRows: number, { epoch, window }: Position) {
  const windows = planEpoch(files, seed, windowRows, epoch);
  const batches = windows[window];
  if (batches === undefined) throw outside({ epoch, window, row: 0 });
  const rows: Example[] = [];
  for (const { file, batch } of batches) for (const example of await file.read(batch)) rows.push(example);
  const following: Position =
    window + 1 < windows.length ? { epoch, window: window + 1, row: 0 } : { epoch: epoch + 1, window: 0, row: 0 };
  return { rows: shuffle(rows, seededRandom('rows', seed, epoch, window)), following };
}

/** The record batches of each window of an epoch. */
function planEpoch(files: ExampleFile[], seed: number, windowRows: number, epoch: number) {
  const batches = files.flatMap((file) =>
    file.batchRows.map((rows, batch) => ({ file, batch, rows })).filter(({ rows }) => rows > 0),
  );
  const windows: (typeof batches)[] = [];
  let room = 0;
  for (const batch of shuffle(batches, seededRandom('batches', seed, epoch))) {
    if (room <= 0) {
      windows.push([]);
      room = windowRows;
    }
    windows.at(-1)!.push(batch);
    room -= batch.rows;
  }
  return windows;
}

function outside({ epoch, window, row }: Position): UserError {
  return new UserError(
    `the saved place in the training data (epoch ${epoch}, window ${window}, row ${row}) does not exist; ` +
      'resume with the same files and training.shuffleWindow, or start a new run',
  );
}
