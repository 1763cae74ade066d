import type { ImageFile } from '../arrow/images/imageFile.js';
import type { ImageFacts } from '../arrow/images/imageSchema.js';
import type { Example } from '../example/example.js';
import { createTally, type Spread } from './tally.js';

/** What is said of the images of training data. */
export interface InspectedImages {
  /** Different ones in the file of images, and how often rows name one. */
  distinct: number;
  named: number;
  /** How often rows name the same one. */
  timesNamed: Spread;
  /** In pixels. */
  longerSide: Spread;
  /** Tokens of an image under the contract of a base with a vision tower, where one was named. */
  tokens?: Spread;
  /** Some of them, evenly spread over the file. */
  sheet: SheetImage[];
}

/** An image of a contact sheet, and the first row that names it. */
export interface SheetImage extends ImageFacts {
  times: number;
  as: 'query' | 'positive' | 'negative';
  query: string;
  tokens?: number;
}

export type TokensOfImage = (size: { height: number; width: number }) => number;

/** Look at the images of rows, one after the other. @param sheet  how many images to tell one by one */
export function createImageFacts({ images }: ImageFile, sheet: number, tokensOf?: TokensOfImage) {
  const times = new Map<string, number>();
  const shown = new Map<string, Pick<SheetImage, 'as' | 'query'>>();
  const wanted = new Set(evenly([...images.keys()], sheet));
  const name = (as: SheetImage['as'], query: string, hashes: readonly string[] = []) => {
    for (const sha256 of hashes) {
      times.set(sha256, (times.get(sha256) ?? 0) + 1);
      if (wanted.has(sha256) && !shown.has(sha256)) shown.set(sha256, { as, query });
    }
  };
  return {
    add({ query, queryImages, positives, negatives }: Example) {
      name('query', query, queryImages);
      for (const { images } of positives) name('positive', query, images);
      for (const { images } of negatives) name('negative', query, images);
    },
    /** @returns undefined where no row names an image */
    facts(): InspectedImages | undefined {
      if (times.size === 0) return undefined;
      const [sides, named, tokens] = [createTally(), createTally(), createTally()];
      for (const size of images.values()) {
        sides.add(Math.max(size.height, size.width));
        if (tokensOf) tokens.add(tokensOf(size));
      }
      for (const count of times.values()) named.add(count);
      return {
        distinct: images.size,
        named: [...times.values()].reduce((sum, count) => sum + count, 0),
        timesNamed: named.spread(),
        longerSide: sides.spread(),
        ...(tokensOf && { tokens: tokens.spread() }),
        sheet: [...shown].map(([sha256, first]) => {
          const { format, height, width } = images.get(sha256)!;
          const size = { sha256, format, height, width };
          return { ...size, times: times.get(sha256)!, ...first, ...(tokensOf && { tokens: tokensOf(size) }) };
        }),
      };
    },
  };
}

/** At most so many, in their order. */
const evenly = <T>(all: readonly T[], count: number): T[] =>
  all.length <= count
    ? [...all]
    : Array.from({ length: count }, (_, index) => all[Math.floor((index * all.length) / count)]!);
