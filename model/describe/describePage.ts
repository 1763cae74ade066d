import type { BaseShape } from '../../configs/load/baseFile.js';
import type { RunConfig } from '../../configs/schema.js';
import { smartSize, type Size } from '../../data/image/smartSize.js';
import { towerOperations } from '../memory/towerBytes.js';
import { matrixParameters } from '../memory/shapeArithmetic.js';
import type { MemoryPlan } from '../memory/memoryPlan.js';
import { towerOf } from '../memory/trainedParameters.js';
import { expectedPlan } from './expectedPlan.js';

/** What a page of a document costs a base that reads images, under a recipe. */
export interface PageDescription {
  /** Pixels of the page, and of what it is resized to. */
  pixels: Size;
  read: Size;
  tokens: number;
  /** Of training whose passages are such pages, or the bytes that it needs at least. */
  memory: MemoryPlan | { needs: number };
  /** Operations on numbers for a page: the tower's and those of the decoder on its tokens. */
  operations: { training: number; encoding: number };
}

/** A4 with 200 dots an inch, as scanners and renderers of documents make it. */
const a4: Size = { height: 2339, width: 1654 };

/** Describe an A4 page; undefined for a base without a vision tower. */
export function describePage(shape: BaseShape, config: RunConfig): PageDescription | undefined {
  const tower = towerOf(shape);
  if (!tower) return undefined;
  const { image, lora } = config;
  const read = smartSize(a4, { ...image, patch: tower.patch, merge: tower.merge });
  const tokens = (read.height * read.width) / (tower.patch * tower.merge) ** 2;
  const ofTower = towerOperations(tower, tokens);
  const ofDecoder = 2 * matrixParameters(shape) * tokens;
  return {
    ...{ pixels: a4, read, tokens },
    memory: expectedPlan(shape, config, tokens),
    operations: {
      encoding: ofTower + ofDecoder,
      // Through the decoder once, once more for the gradient, and back; a tower that learns is run once more than that.
      training: (lora.tower ? 4 : 1) * ofTower + 3 * ofDecoder,
    },
  };
}
