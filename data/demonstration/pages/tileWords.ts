import type { Drawing, Piece } from './drawing.js';

/** Square pixels of a tile that a piece must cover to be what stands there: about a letter and a half. */
const leastArea = 90;

/**
 * What stands in each tile of a page, row by row: the word that covers most of it, or `undefined` for blank paper.
 * @param side  of a tile, in pixels
 */
export function tileWords({ width, height, pieces }: Drawing, side: number): (string | undefined)[] {
  const [rows, columns] = [height / side, width / side];
  return Array.from({ length: rows * columns }, (_, tile) => {
    const [left, top] = [(tile % columns) * side, Math.floor(tile / columns) * side];
    let most: { word: string | undefined; area: number } = { word: undefined, area: leastArea };
    for (const piece of pieces) {
      const area = overlap(piece, { left, top, right: left + side, bottom: top + side });
      if (area > most.area) most = { word: piece.word, area };
    }
    return most.word;
  });
}

type Box = Omit<Piece, 'word'>;

const overlap = (one: Box, other: Box): number =>
  Math.max(0, Math.min(one.right, other.right) - Math.max(one.left, other.left)) *
  Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));
