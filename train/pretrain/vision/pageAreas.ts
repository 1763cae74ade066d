import { disposePlaces } from '../../../model/layer/attention.js';
import { placesOf } from '../../../model/vision/imageAreas.js';
import { mostScores, type Area } from '../../../model/vision/tower.js';
import type { VisionConfig } from '../../../model/vision/visionConfig.js';
import type { PageBatch } from './pageBatches.js';

/** Which patches of a batch see each other. Freed by `dispose`. */
export interface PageAreas {
  /** Those of a block. */
  of(block: number): readonly Area[];
  dispose(): void;
}

/**
 * As `imageAreas`, for several images of one size. Their sides must be whole windows: the windows of all are then of one
 * size, and in the order of the images.
 */
export function pageAreas({ pages, columns, windows }: PageBatch, config: VisionConfig): PageAreas {
  const [whole, ...others] = windows.classes;
  if (others.length > 0) throw new Error('pages that are read together must have sides of whole windows');
  const tokens = windows.order.length;
  const order = new Int32Array(pages * tokens);
  for (let page = 0; page < pages; page++) order.set(windows.order, page * tokens);
  const area = (batch: number, patches: number): Area[] => [
    { start: 0, places: placesOf(batch, patches, order, columns, config), mostScores },
  ];
  const patches = config.merge ** 2;
  const byWindow = area(pages * whole!.windows, whole!.tokens * patches);
  const byPage = area(pages, tokens * patches);
  return {
    of: (block) => (config.fullBlocks.includes(block) ? byPage : byWindow),
    dispose() {
      for (const { places } of [...byWindow, ...byPage]) disposePlaces(places);
    },
  };
}
