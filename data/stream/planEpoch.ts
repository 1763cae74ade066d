import type { ExampleFile } from '../arrow/openExamples.js';
import { seededRandom, shuffle } from '../random.js';

/** Rows of one record batch that an epoch takes: places `from` up to `to` of the batch in the order of that turn. */
export interface Piece {
  /** Place of the file among the files. */
  source: number;
  batch: number;
  /** How many times all rows of the file were taken before this turn of them. */
  turn: number;
  from: number;
  to: number;
}

/**
 * The pieces of an epoch, in the order of the files. A file of weight w gives each row w times an epoch on average:
 * its rows come in turns, each turn in an order of its own, and an epoch takes w turns from where the last one ended.
 * @param weights  one a file, above 0
 */
export function piecesOfEpoch(files: ExampleFile[], weights: number[], seed: number, epoch: number): Piece[] {
  return files.flatMap((file, source) => {
    const [begin, end] = rowsOfEpoch(file, weights[source]!, epoch);
    const pieces: Piece[] = [];
    for (let turn = Math.floor(begin / file.rows); turn * file.rows < end; turn++) {
      const first = turn * file.rows;
      const [from, to] = [Math.max(begin - first, 0), Math.min(end - first, file.rows)];
      pieces.push(...piecesOfTurn(file, { source, seed, turn, from, to }));
    }
    return pieces;
  });
}

/** Which rows of a file an epoch takes, counted over all turns: [begin, end). */
export function rowsOfEpoch({ rows }: ExampleFile, weight: number, epoch: number): [begin: number, end: number] {
  return [Math.round(epoch * weight * rows), Math.round((epoch + 1) * weight * rows)];
}

/** Rows that an epoch has on average. */
export function rowsAnEpoch(files: { rows: number }[], weights: number[]): number {
  return files.reduce((sum, { rows }, source) => sum + rows * weights[source]!, 0);
}

/** The rows of a batch in the order that a piece of it is taken from; a whole batch keeps its own order. */
export function placesOfPiece({ source, batch, turn, from, to }: Piece, rows: number, seed: number): number[] {
  const places = [...Array(rows).keys()];
  if (to - from === rows) return places;
  return shuffle(places, seededRandom('piece', seed, source, turn, batch)).slice(from, to);
}

function piecesOfTurn(
  { batchRows, rows: all }: ExampleFile,
  { source, seed, turn, from, to }: { source: number; seed: number; turn: number; from: number; to: number },
): Piece[] {
  const natural = [...batchRows.keys()];
  const isWhole = to - from === all;
  const order = isWhole ? natural : shuffle(natural, seededRandom('turn', seed, source, turn));
  const pieces: Piece[] = [];
  let first = 0;
  for (const batch of order) {
    const rows = batchRows[batch]!;
    const [begin, end] = [Math.max(from - first, 0), Math.min(to - first, rows)];
    if (begin < end) pieces.push({ source, batch, turn, from: begin, to: end });
    first += rows;
  }
  return pieces;
}
