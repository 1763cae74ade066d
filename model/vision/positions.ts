import type { ImageContract } from '../../configs/contract.js';
import type { Positions } from '../pass/sequence.js';
import type { ImagePlace } from './placeImages.js';

/**
 * Positions by which a sequence with images is turned. A text counts on by one in all three. An image stands still in
 * time and counts its rows and columns; the text behind it goes on after the longer of its sides.
 * Source: Qwen2.5-VL (arXiv 2502.13923) section 2.1; transformers `get_rope_index`.
 * @param length  of the sequence
 * @param kind    `flat` counts every place, images or not
 */
export function imagePositions(
  length: number,
  images: readonly ImagePlace[],
  kind: ImageContract['positions'],
): Positions {
  const positions: Positions = [new Int32Array(length), new Int32Array(length), new Int32Array(length)];
  let place = 0;
  let next = 0;
  const countTo = (end: number) => {
    for (; place < end; place++, next++) for (const axis of positions) axis[place] = next;
  };
  for (const { at, rows, columns } of kind === 'flat' ? [] : images) {
    countTo(at);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++, place++)
        [next, next + row, next + column].forEach((position, axis) => (positions[axis]![place] = position));
    next += Math.max(rows, columns);
  }
  countTo(length);
  return positions;
}
