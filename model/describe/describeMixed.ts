import type { ImageContract } from '../../configs/contract.js';
import type { PreparedImage } from '../../data/image/imageRules.js';
import type { DescribedText, DescribedToken } from '../../data/inspect/describeTokens.js';
import { imageMark } from '../../data/tokenizer/tokenizeText.js';
import { placeImages } from '../vision/placeImages.js';
import { imagePositions } from '../vision/positions.js';
import type { Vision } from '../vision/openVision.js';

export interface ImageFile extends Pick<PreparedImage, 'height' | 'width' | 'rows' | 'columns'> {
  file: string;
}

export interface DescribedMixed extends DescribedText {
  /** Every id and, in time, down and across, every position. */
  ids: number[];
  positions: number[][];
  images: {
    file: string;
    height: number;
    width: number;
    resizedHeight: number;
    resizedWidth: number;
    /** Tokens down and across. */
    rows: number;
    columns: number;
  }[];
}

/**
 * A described document with its images in the place of their marks: one line for all tokens of an image.
 * @param images  of the document in their order, in patches
 */
export function describeMixed(
  text: DescribedText,
  images: readonly ImageFile[],
  { config, ids: vision }: Pick<Vision, 'config' | 'ids'>,
  { positions: kind }: Pick<ImageContract, 'positions'>,
): DescribedMixed {
  const { patch, merge } = config;
  const told = images.map(({ file, height, width, rows, columns }) => ({
    file,
    height,
    width,
    resizedHeight: rows * patch,
    resizedWidth: columns * patch,
    rows: rows / merge,
    columns: columns / merge,
  }));
  const marked = Int32Array.from(text.tokens, ({ id }) => id);
  const { ids, images: places } = placeImages(marked, told, vision);
  const positions = imagePositions(ids.length, places, kind);
  const waiting = [...told];
  let place = 0;
  const tokens = text.tokens
    .flatMap((token): DescribedToken[] => {
      if (token.id !== imageMark) return [token];
      const { file, rows, columns, resizedHeight, resizedWidth } = waiting.shift()!;
      const name = `<|image_pad|> ${rows} x ${columns}: ${file}, ${resizedHeight} x ${resizedWidth} pixels`;
      return [
        { id: vision.start, piece: '<|vision_start|>', from: 'image' },
        { id: vision.image, piece: name, from: 'image', count: rows * columns },
        { id: vision.end, piece: '<|vision_end|>', from: 'image' },
      ];
    })
    .map((token): DescribedToken => {
      const last = place + (token.count ?? 1) - 1;
      const position = positions.map((axis) => rangeOf(axis[place]!, axis[last]!)).join(' ');
      place = last + 1;
      return { ...token, position };
    });
  return { ...text, tokens, ids: [...ids], positions: positions.map((axis) => [...axis]), images: told };
}

const rangeOf = (first: number, last: number) => (first === last ? `${first}` : `${first}..${last}`);
