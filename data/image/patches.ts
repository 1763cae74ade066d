import type { ImageRules, PreparedImage } from './imageRules.js';
import type { Pixels } from './resample.js';

/** Cut a resized image, whose sides are whole blocks, into patches in the order of `PreparedImage`. */
export function cutPatches(
  { bytes, height, width }: Pixels,
  { patch, merge }: Pick<ImageRules, 'patch' | 'merge'>,
): Pick<PreparedImage, 'rows' | 'columns' | 'patches'> {
  const [rows, columns] = [height / patch, width / patch];
  const patches = new Uint8Array(height * width * 3);
  let to = 0;
  for (let blockRow = 0; blockRow < rows; blockRow += merge)
    for (let blockColumn = 0; blockColumn < columns; blockColumn += merge)
      for (let row = blockRow; row < blockRow + merge; row++)
        for (let column = blockColumn; column < blockColumn + merge; column++)
          for (let channel = 0; channel < 3; channel++)
            for (let y = row * patch; y < (row + 1) * patch; y++) {
              let from = (y * width + column * patch) * 3 + channel;
              for (let x = 0; x < patch; x++, from += 3) patches[to++] = bytes[from]!;
            }
  return { rows, columns, patches };
}
