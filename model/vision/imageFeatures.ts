import type { ImageContract } from '../../configs/contract.js';
import type { PreparedImage } from '../../data/image/imageRules.js';
import { disposePlaces } from '../layer/attention.js';
import { rotaryRows, type Rotary } from '../layer/rotary.js';
import { tf } from '../engine/tf.js';
import { embedPatches, mergePatches, tokenGrid, towerBlock, type Area, type TowerWeights } from './tower.js';
import { towerTheta, type VisionConfig } from './visionConfig.js';
import { windowOrder, type WindowOrder } from './windows.js';

type ColourValues = Pick<ImageContract, 'mean' | 'std'>;

/**
 * What the decoder reads of an image: the tower's features of its tokens, row by row. Block by block, so that others get
 * their turn in between.
 * @returns [tokens, out], on the host
 */
export function* imageFeatures(
  image: PreparedImage,
  tower: TowerWeights,
  config: VisionConfig,
  values: ColourValues,
): Generator<void, Float32Array, void> {
  const { rows, columns } = tokenGrid(image, config);
  const windows = windowOrder(rows, columns, config);
  const areas = windowAreas(windows, columns, config);
  const whole = wholeArea(windows, columns, config);
  let state = tf.tidy(() => {
    const pixels = pixelValues(image.patches, windows.order, config, values);
    return embedPatches(tf.tensor2d(pixels, [image.rows * image.columns, 3 * config.patch ** 2]), tower);
  });
  try {
    for (const [block, weights] of tower.blocks.entries()) {
      const seen = config.fullBlocks.includes(block) ? [whole] : areas;
      const next = tf.tidy(() => towerBlock(state, weights, seen, config));
      state.dispose();
      state = next;
      yield;
    }
    const merged = tf.tidy(() => mergePatches(state, tower, config));
    const inWindows = merged.dataSync<'float32'>();
    merged.dispose();
    return rowByRow(inWindows, windows.order, config.out);
  } finally {
    state.dispose();
    for (const { places } of [...areas, whole]) disposePlaces(places);
  }
}

/**
 * The bytes of patches as the tower reads them, (byte - 255 mean) / (255 std) in float32, tokens in window order.
 * @param patches  [tokens * merge * merge, 3 * patch * patch], token by token
 */
export function pixelValues(
  patches: Uint8Array,
  order: Int32Array,
  { patch, merge }: Pick<VisionConfig, 'patch' | 'merge'>,
  { mean, std }: ColourValues,
): Float32Array {
  const channel = patch * patch;
  const token = merge * merge * 3 * channel;
  const known = [0, 1, 2].map((colour) => {
    const [from, by] = [mean[colour]!, std[colour]!].map((value) => Math.fround(Math.fround(value) * 255));
    return Float32Array.from({ length: 256 }, (_, byte) => Math.fround(byte - from!) / by!);
  });
  const out = new Float32Array(patches.length);
  let to = 0;
  for (const place of order)
    for (let from = place * token; from < (place + 1) * token; from += channel) {
      const table = known[(from / channel) % 3]!;
      for (let pixel = from; pixel < from + channel; pixel++) out[to++] = table[patches[pixel]!]!;
    }
  return out;
}

/** The areas of blocks that see windows; their tables the caller frees by `disposePlaces`. */
function windowAreas(windows: WindowOrder, columns: number, config: VisionConfig): Area[] {
  const patches = config.merge ** 2;
  return windows.classes.map(({ start, windows: batch, tokens }) => {
    const order = windows.order.subarray(start, start + batch * tokens);
    return { start: start * patches, places: placesOf(batch, tokens * patches, order, columns, config) };
  });
}

function wholeArea({ order }: WindowOrder, columns: number, config: VisionConfig): Area {
  return { start: 0, places: placesOf(1, order.length * config.merge ** 2, order, columns, config) };
}

function placesOf(batch: number, time: number, order: Int32Array, columns: number, config: VisionConfig) {
  const turns = (scale: number) => patchTurns(order, columns, config, scale);
  return { batch, time, queryRotary: turns(config.headDim ** -0.5), keyRotary: turns(1) };
}

/** A patch is turned by its row in one half of the pairs and by its column in the other. */
function patchTurns(order: Int32Array, columns: number, { merge, headDim }: VisionConfig, scale: number): Rotary {
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

function rowByRow(values: Float32Array, order: Int32Array, width: number): Float32Array {
  const out = new Float32Array(values.length);
  order.forEach((place, row) => out.set(values.subarray(row * width, (row + 1) * width), place * width));
  return out;
}
