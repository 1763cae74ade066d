import type { PreparedImage } from '../../data/image/imageRules.js';
import { disposePlaces } from '../layer/attention.js';
import { rotaryRows, type Rotary } from '../layer/rotary.js';
import { tokenGrid, type Area } from './tower.js';
import { towerTheta, type VisionConfig } from './visionConfig.js';
import { windowOrder, type WindowOrder } from './windows.js';

/** Which patches of an image see each other, with their rotary tables. Freed by `dispose`. */
export interface ImageAreas {
  /** Of each token in window order its place row by row. */
  order: Int32Array;
  /** Those of a block. */
  of(block: number): readonly Area[];
  dispose(): void;
}

/** Deal an image's patches to the areas of the tower's blocks. @param mostScores  as the tower has it */
export function imageAreas(
  image: Pick<PreparedImage, 'rows' | 'columns'>,
  config: VisionConfig,
  mostScores: number,
): ImageAreas {
  const { rows, columns } = tokenGrid(image, config);
  const windows = windowOrder(rows, columns, config);
  const areas = windowAreas(windows, columns, config).map((area) => ({ ...area, mostScores }));
  const whole = [{ ...wholeArea(windows, columns, config), mostScores }];
  return {
    order: windows.order,
    of: (block) => (config.fullBlocks.includes(block) ? whole : areas),
    dispose() {
      for (const { places } of [...areas, ...whole]) disposePlaces(places);
    },
  };
}

/** The areas of blocks that see windows; their tables the caller frees by `disposePlaces`. */
function windowAreas(windows: WindowOrder, columns: number, config: VisionConfig): Omit<Area, 'mostScores'>[] {
  const patches = config.merge ** 2;
  return windows.classes.map(({ start, windows: batch, tokens }) => {
    const order = windows.order.subarray(start, start + batch * tokens);
    return { start: start * patches, places: placesOf(batch, tokens * patches, order, columns, config) };
  });
}

function wholeArea({ order }: WindowOrder, columns: number, config: VisionConfig): Omit<Area, 'mostScores'> {
  return { start: 0, places: placesOf(1, order.length * config.merge ** 2, order, columns, config) };
}

export function placesOf(batch: number, time: number, order: Int32Array, columns: number, config: VisionConfig) {
  const turns = (scale: number) => patchTurns(order, columns, config, scale);
  return { batch, time, queryRotary: turns(config.headDim ** -0.5), keyRotary: turns(1) };
}

/** A patch is turned by its row in one half of the pairs and by its column in the other. @returns the caller owns it */
export function patchTurns(
  order: Int32Array,
  columns: number,
  { merge, headDim }: VisionConfig,
  scale: number,
): Rotary {
  const patches = merge * merge;
  const half = headDim / 4;
  const positionOf = (row: number, pair: number) => {
    const token = order[Math.floor(row / patches)]!;
    const inToken = row % patches;
    return pair < half
      ? Math.floor(token / columns) * merge + Math.floor(inToken / merge)
      : (token % columns) * merge + (inToken % merge);
  };
  return rotaryRows(order.length * patches, headDim / 2, positionOf, headDim / 2, towerTheta, scale);
}
