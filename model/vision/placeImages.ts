import { UserError } from '../../configs/userError.js';
import { imageMark } from '../../data/tokenizer/tokenizeText.js';
import type { VisionConfig } from './visionConfig.js';

/** Where an image stands among the ids of a sequence, and how its tokens lie: row by row. */
export interface ImagePlace {
  /** Place of its first token. */
  at: number;
  rows: number;
  columns: number;
}

/** Token ids with those of images among them. */
export interface PlacedIds {
  ids: Int32Array;
  images: readonly ImagePlace[];
}

/** Ids of the tokens around and in the place of an image. */
export type VisionIds = Record<'start' | 'image' | 'end', number>;

/**
 * The ids of vision tokens of a base.
 * @param idOf  the id of a token by its text, as the tokenizer has it
 * @throws UserError when neither config.json nor the tokenizer has one
 */
export function visionIds(
  { startId, imageId, endId }: Pick<VisionConfig, 'startId' | 'imageId' | 'endId'>,
  idOf: (token: string) => number | undefined,
): VisionIds {
  const found = (id: number | undefined, token: string): number => {
    const known = id ?? idOf(token);
    if (known === undefined)
      throw new UserError(`the base has no token ${token}, which stands beside an image; give it its own tokenizer`);
    return known;
  };
  return { start: found(startId, '<|vision_start|>'), image: imageId, end: found(endId, '<|vision_end|>') };
}

/**
 * Put the tokens of images where their marks stand.
 * @param marked  ids of a document, `imageMark` in the place of each image
 * @param grids   of its images in their order: tokens down and across
 */
export function placeImages(
  marked: Int32Array,
  grids: readonly { rows: number; columns: number }[],
  { start, image, end }: VisionIds,
): PlacedIds {
  const tokens = grids.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  const ids = new Int32Array(marked.length + grids.length + tokens);
  const images: ImagePlace[] = [];
  let to = 0;
  for (const id of marked) {
    if (id !== imageMark) {
      ids[to++] = id;
      continue;
    }
    const { rows, columns } = grids[images.length]!;
    ids[to++] = start;
    images.push({ at: to, rows, columns });
    ids.fill(image, to, (to += rows * columns));
    ids[to++] = end;
  }
  return { ids, images };
}
