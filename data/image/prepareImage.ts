import { decodeImage } from './decodeImage.js';
import type { ImageRules, PreparedImage } from './imageRules.js';
import { cutPatches } from './patches.js';
import { resample } from './resample.js';
import { smartSize } from './smartSize.js';

/**
 * Turn an encoded image into what the model reads of it.
 * @throws UserError without the image's name, as `decodeImage` and `smartSize`
 */
export async function prepareImage(encoded: Uint8Array, rules: ImageRules): Promise<PreparedImage> {
  const image = await decodeImage(encoded, rules.alpha);
  const { height, width } = image;
  return { height, width, ...cutPatches(resample(image, smartSize(image, rules)), rules) };
}
