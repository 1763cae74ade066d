import type { ImageContract } from '../../configs/contract.js';
import type { PreparedImage } from '../../data/image/imageRules.js';
import type { Dropout } from '../layer/dropout.js';
import { tf } from '../engine/tf.js';
import type { Stepwise } from '../pass/stepwise.js';
import { openTowerPass } from './pass/openTowerPass.js';
import { towerWithinMemory } from './towerWithinMemory.js';
import { embedPatches, mergePatches, type TowerWeights } from './tower.js';
import type { VisionConfig } from './visionConfig.js';

export type ColourValues = Pick<ImageContract, 'mean' | 'std'>;

/**
 * What the decoder reads of an image: the tower's features of its tokens, row by row. Block by block, so that others get
 * their turn in between. Gives way where memory runs out.
 * @param dropout  of the inputs of the tower's adapters, drawn for this image
 * @returns [tokens, out], on the host
 * @throws UserError when the image does not fit
 */
export const imageFeatures = (
  image: PreparedImage,
  tower: TowerWeights,
  config: VisionConfig,
  values: ColourValues,
  dropout?: Dropout,
): Stepwise<Float32Array> =>
  towerWithinMemory(image, tower, config, () => features(image, tower, config, values, dropout));

function* features(
  image: PreparedImage,
  tower: TowerWeights,
  config: VisionConfig,
  values: ColourValues,
  dropout: Dropout | undefined,
): Stepwise<Float32Array> {
  const pass = openTowerPass(image, tower, config, dropout);
  let state: tf.Tensor2D | undefined;
  try {
    state = imagePatches(image, pass.order, tower, config, values);
    for (const block of tower.blocks.keys()) {
      const input: tf.Tensor2D = state;
      const next = pass.run(input, block);
      input.dispose();
      state = next;
      yield;
    }
    const top = state;
    const merged = tf.tidy(() => mergePatches(top, tower, config));
    const inWindows = merged.dataSync<'float32'>();
    merged.dispose();
    return rowByRow(inWindows, pass.order, config.out);
  } finally {
    state?.dispose();
    pass.dispose();
  }
}

/** The patches of an image before the first block. @returns [patches, hidden], in window order; the caller owns it */
export const imagePatches = (
  { rows, columns, patches }: PreparedImage,
  order: Int32Array,
  tower: TowerWeights,
  config: VisionConfig,
  values: ColourValues,
): tf.Tensor2D =>
  tf.tidy(() => {
    const pixels = pixelValues(patches, order, config, values);
    return embedPatches(tf.tensor2d(pixels, [rows * columns, 3 * config.patch ** 2]), tower);
  });

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

function rowByRow(values: Float32Array, order: Int32Array, width: number): Float32Array {
  const out = new Float32Array(values.length);
  order.forEach((place, row) => out.set(values.subarray(row * width, (row + 1) * width), place * width));
  return out;
}
