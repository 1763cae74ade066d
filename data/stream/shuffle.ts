import { UserError } from '../../configs/userError.js';
import type { ExampleFile } from '../arrow/openExamples.js';
import type { Example } from '../example/example.js';
import { piecesOfEpoch, placesOfPiece, type Piece } from './planEpoch.js';
import { seededRandom, shuffle } from '../random.js';

/** The next row to be given out: row `row` of window `window` of epoch `epoch`, all counted from 0. */
export interface Position {
  epoch: number;
  window: number;
  row: number;
  /** Where each file is, for streams that keep files apart; `window` then counts groups and `row` rows of a group. */
  sources?: Position[];
}

/** Where a row is: row `row` of file `source`, both counted from 0. */
export interface Origin {
  source: number;
  row: number;
}

/** A row as the streams give it out. */
export interface PlacedExample {
  example: Example;
  origin: Origin;
  /** How often all rows of its file were given out before: in turn 1 a row is there for the second time. */
  turn: number;
  /** The position after it. */
  next: Position;
}

export interface StreamOptions {
  seed: number;
  windowRows: number;
  /** How often each file's rows come in an epoch; once where left out. */
  weights?: number[] | undefined;
  /** Where to go on: that window is read and `row` rows of it are skipped, nothing is replayed. */
  from?: Position | undefined;
}

/**
 * Every example once an epoch, or as often as the weight of its file says, endlessly, in an order that depends on the
 * seed alone. The record batches of all files are put in a random order and taken in windows of at least `windowRows`
 * rows, as few batches as reach it; the rows of a window are put in a random order. Two windows are in memory at most:
 * the next one is read while one is used.
 * @throws UserError when `from` does not lie in these files
 */
export async function* streamExamples(files: ExampleFile[], options: StreamOptions): AsyncGenerator<PlacedExample> {
  const { seed, windowRows, weights = files.map(() => 1) } = options;
  const plan: Plan = {
    files,
    firstRows: files.map(({ batchRows }) => firstRowsOf(batchRows)),
    weights,
    seed,
    windowRows,
  };
  let position = options.from ?? { epoch: 0, window: 0, row: 0 };
  let loading = load(plan, position);
  try {
    for (;;) {
      const { rows, following } = await loading;
      if (position.row > 0 && position.row >= rows.length) throw outside(position);
      loading = load(plan, following);
      loading.catch(() => {}); // reported when its turn comes, should it come
      for (let row = position.row; row < rows.length; row++) {
        const isLast = row + 1 === rows.length;
        yield { ...rows[row]!, next: isLast ? following : { ...position, row: row + 1 } };
      }
      position = following;
    }
  } finally {
    await loading.catch(() => {}); // files may be closed once this generator has ended
  }
}

interface Plan {
  files: ExampleFile[];
  /** Of each file, the row that each batch begins with. */
  firstRows: number[][];
  weights: number[];
  seed: number;
  windowRows: number;
}

/** Rows of one window in their order, and where the window after it begins. */
async function load(plan: Plan, { epoch, window }: Position) {
  const windows = windowsOfEpoch(plan, epoch);
  const pieces = windows[window];
  // Weights below 1 may leave an epoch of few rows without any.
  if (pieces === undefined && (windows.length > 0 || window > 0)) throw outside({ epoch, window, row: 0 });
  const rows: Omit<PlacedExample, 'next'>[] = [];
  for (const piece of pieces ?? []) {
    const { source, batch, turn } = piece;
    const examples = await plan.files[source]!.read(batch);
    const first = plan.firstRows[source]![batch]!;
    for (const place of placesOfPiece(piece, examples.length, plan.seed))
      rows.push({ example: examples[place]!, origin: { source, row: first + place }, turn });
  }
  const following: Position =
    window + 1 < windows.length ? { epoch, window: window + 1, row: 0 } : { epoch: epoch + 1, window: 0, row: 0 };
  return { rows: shuffle(rows, seededRandom('rows', plan.seed, epoch, window)), following };
}

/** The pieces of each window of an epoch. */
function windowsOfEpoch({ files, weights, seed, windowRows }: Plan, epoch: number): Piece[][] {
  const windows: Piece[][] = [];
  let room = 0;
  for (const piece of shuffle(piecesOfEpoch(files, weights, seed, epoch), seededRandom('batches', seed, epoch))) {
    if (room <= 0) {
      windows.push([]);
      room = windowRows;
    }
    windows.at(-1)!.push(piece);
    room -= piece.to - piece.from;
  }
  return windows;
}

function firstRowsOf(batchRows: number[]): number[] {
  let first = 0;
  return batchRows.map((rows) => (first += rows) - rows);
}

function outside({ epoch, window, row }: Position): UserError {
  return new UserError(
    `the saved place in the training data (epoch ${epoch}, window ${window}, row ${row}) does not exist; ` +
      'resume with the same files and training.shuffleWindow, or start a new run',
  );
}
