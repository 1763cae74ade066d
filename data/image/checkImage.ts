import { decodeImage } from './decodeImage.js';
import { imageKind } from './formats.js';
import { requireShape, type Size } from './smartSize.js';

/**
 * Make sure that an image can be read to its last pixel, whatever size it is resized to later.
 * @returns its kind and its size, turned as EXIF says
 * @throws UserError without the image's name, as `decodeImage` and `requireShape`
 */
export async function checkImage(encoded: Uint8Array): Promise<Size & { format: string }> {
  const format = imageKind(encoded);
  const { height, width } = await decodeImage(encoded, 'drop');
  requireShape({ height, width });
  return { format, height, width };
}
