import { UserError } from '../../configs/userError.js';
import type { ImageRules } from './imageRules.js';

export interface Size {
  height: number;
  width: number;
}

/** The most that one side may be longer than the other. */
const mostTimes = 200;

/**
 * The size that an image is resized to: sides in whole blocks of patches, the shape kept as well as that allows, and the
 * pixels within the limits. A very narrow image may end above the upper one.
 * Source: transformers 5.18 `smart_resize` of Qwen2-VL.
 * @throws UserError for an image too narrow for it
 */
export function smartSize({ height, width }: Size, { minPixels, maxPixels, patch, merge }: ImageRules): Size {
  requireShape({ height, width });
  const block = patch * merge;
  const pixels = height * width;
  const nearest = { height: roundHalfToEven(height / block) * block, width: roundHalfToEven(width / block) * block };
  const resized = nearest.height * nearest.width;
  if (resized > maxPixels) {
    const shrink = Math.sqrt(pixels / maxPixels);
    const side = (length: number) => Math.max(block, Math.floor(length / shrink / block) * block);
    return { height: side(height), width: side(width) };
  }
  if (resized < minPixels) {
    const grow = Math.sqrt(minPixels / pixels);
    const side = (length: number) => Math.ceil((length * grow) / block) * block;
    return { height: side(height), width: side(width) };
  }
  return nearest;
}

/** @throws UserError for an image too narrow for any size */
export function requireShape({ height, width }: Size): void {
  if (Math.max(height, width) > mostTimes * Math.min(height, width))
    throw new UserError(
      `is ${width} x ${height} pixels; one side may be at most ${mostTimes} times as long as the other; cut it`,
    );
}

/** As Python rounds. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const above = value - below;
  if (above !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
