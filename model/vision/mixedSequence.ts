import type { ImageContract } from '../../configs/contract.js';
import type { MixedSequence } from '../pass/sequence.js';
import type { PlacedIds } from './placeImages.js';
import { imagePositions } from './positions.js';

/** A document with images as the model reads it. @param values  features of each of its images, [tokens, out] row by row */
export const mixedSequence = (
  { ids, images }: PlacedIds,
  values: readonly Float32Array[],
  kind: ImageContract['positions'],
): MixedSequence => ({
  ids,
  inserted: images.map(({ at }, index) => ({ at, values: values[index]! })),
  positions: imagePositions(ids.length, images, kind),
});
