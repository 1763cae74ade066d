import type { PageFont } from '../../../data/demonstration/pages/fonts.js';
import { makePage, type Page } from '../../../data/demonstration/pages/makePage.js';
import { renderPixels } from '../../../data/demonstration/pages/renderPage.js';
import { tileWords } from '../../../data/demonstration/pages/tileWords.js';
import { cutPatches } from '../../../data/image/patches.js';
import { seededRandom } from '../../../data/random.js';
import { pixelValues, type ColourValues } from '../../../model/vision/imageFeatures.js';
import type { VisionConfig } from '../../../model/vision/visionConfig.js';
import { windowOrder, type WindowOrder } from '../../../model/vision/windows.js';

/** Pages of one size as the tower reads them, one after the other, and what stands in each of their tokens. */
export interface PageBatch {
  pages: number;
  /** Tokens across a page. */
  columns: number;
  windows: WindowOrder;
  /** [pages * tokens * merge * merge, 3 * patch * patch], the tokens of a page in window order. */
  pixels: Float32Array;
  /** What `placeOf` says of each token's word, 0 for blank paper; [pages * tokens]. */
  targets: Int32Array;
}

export interface Reading {
  fonts: readonly PageFont[];
  config: VisionConfig;
  values: ColourValues;
  /** Place of a word among those that are learned, from 1 on. */
  placeOf(word: string): number;
}

/** One batch in so many is of tall pages, which are about as many among all. */
const tallShare = 0.2;

/** Draw pages by chance. @param seed  with it the pages are told; the same gives the same */
export async function drawPages(
  pages: number,
  { fonts, config, values, placeOf }: Reading,
  ...seed: (number | string)[]
): Promise<PageBatch> {
  const random = seededRandom('pages to read', ...seed);
  const isTall = random() < tallShare;
  const drawn: Page[] = [];
  while (drawn.length < pages) {
    const page = makePage(fonts, random);
    if (page.height > page.width === isTall) drawn.push(page);
  }
  const side = config.patch * config.merge;
  const [rows, columns] = [drawn[0]!.height / side, drawn[0]!.width / side];
  const windows = windowOrder(rows, columns, config);
  const read = (await Promise.all(drawn.map(renderPixels))).map((image) =>
    pixelValues(cutPatches(image, config).patches, windows.order, config, values),
  );
  const pixels = new Float32Array(read[0]!.length * pages);
  const targets = new Int32Array(pages * rows * columns);
  for (const [index, page] of drawn.entries()) {
    pixels.set(read[index]!, index * read[index]!.length);
    const words = tileWords(page, side);
    windows.order.forEach((tile, place) => {
      const word = words[tile];
      targets[index * windows.order.length + place] = word === undefined ? 0 : placeOf(word);
    });
  }
  return { pages, columns, windows, pixels, targets };
}
