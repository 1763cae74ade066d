import type { PageFont } from './fonts.js';

/** A word that a page shows, written or drawn, and the rectangle of pixels that shows it. */
export interface Piece {
  word: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** A page as it is being drawn. */
export interface Drawing {
  width: number;
  height: number;
  /** SVG elements, from back to front. */
  elements: string[];
  pieces: Piece[];
}

/** Begin a page. */
export function blankPage(width: number, height: number, paper: string): Drawing {
  return { width, height, elements: [`<rect width="${width}" height="${height}" fill="${paper}"/>`], pieces: [] };
}

/**
 * Text is set on a grid, as a typewriter with a tabulator sets it: lines stand `line` pixels apart, the side of what the base
 * reads as one token, and words begin at stops `tab` pixels apart, the side of a patch. A small tower learns to read that soon.
 */
export const line = 28;
export const tab = 14;
/** Pixels to the left of the first stop. */
export const margin = 3;
/** Pixels from the top of the page to where the letters of a line stand. */
export const baselineOf = (row: number): number => row * line + 20;

export interface Pen {
  font: PageFont;
  size: number;
  ink: string;
}

/**
 * Write words one behind the other, as many as there is room for.
 * @param casing  how they are written; they stay the same words
 * @returns       the words that found room
 */
export function writeLine(
  drawing: Drawing,
  words: readonly string[],
  { left, baseline, right = drawing.width }: { left: number; baseline: number; right?: number },
  { font, size, ink }: Pen,
  casing: 'lower' | 'title' | 'upper' = 'lower',
): string[] {
  const blank = size * 0.35;
  let x = left;
  const written: string[] = [];
  for (const word of words) {
    const { width, outline } = font.write(cased(word, casing));
    const end = x + width * size;
    if (end > right) break;
    const place = `translate(${x.toFixed(2)} ${baseline.toFixed(2)}) scale(${(size / 1000).toFixed(5)})`;
    drawing.elements.push(`<path fill="${ink}" transform="${place}" d="${outline}"/>`);
    drawing.pieces.push({ word, left: x, top: baseline - size * 0.7, right: end, bottom: baseline + size * 0.2 });
    written.push(word);
    x = left + Math.ceil((end + blank - left) / tab) * tab;
  }
  return written;
}

const cased = (word: string, casing: 'lower' | 'title' | 'upper'): string =>
  casing === 'upper' ? word.toUpperCase() : casing === 'title' ? word[0]!.toUpperCase() + word.slice(1) : word;

/** The page as an SVG document, without any text in it: letters are outlines. */
export const toSvg = ({ width, height, elements }: Drawing): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${elements.join('')}</svg>`;
