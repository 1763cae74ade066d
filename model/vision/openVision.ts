import { join } from 'node:path';
import { readJsonObject } from '../../checkpoints/base/baseFolder.js';
import { imageValues } from '../../checkpoints/base/imageProcessor.js';
import type { ImageContract } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import type { ImageRules } from '../../data/image/imageRules.js';
import { smartSize, type Size } from '../../data/image/smartSize.js';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.js';
import { modelConfig } from '../modelConfig.js';
import { visionIds, type VisionIds } from './placeImages.js';
import { visionConfig, type VisionConfig } from './visionConfig.js';

/** All that a base says of how it reads images, without its weights. */
export interface Vision {
  config: VisionConfig;
  ids: VisionIds;
  values: Pick<ImageContract, 'mean' | 'std'>;
}

/** Read it. @throws UserError when the base has no vision tower, or one that is not computed here */
export async function openVision(folder: string, { idOf }: Pick<Tokenizer, 'idOf'>): Promise<Vision> {
  const file = join(folder, 'config.json');
  const json = await readJsonObject(file);
  const config = visionConfig(json, modelConfig(json, file), file);
  if (!config)
    throw new UserError(`the base in ${folder} reads texts alone; images need one with a vision tower, as qwen-vl`);
  return { config, ids: visionIds(config, idOf), values: await imageValues(folder) };
}

/** How images are prepared for a base under a contract. */
export const imageRules = (
  { minPixels, maxPixels, alpha }: Pick<ImageContract, 'minPixels' | 'maxPixels' | 'alpha'>,
  { patch, merge }: Pick<VisionConfig, 'patch' | 'merge'>,
): ImageRules => ({ minPixels, maxPixels, alpha, patch, merge });

/** Tokens down and across that an image becomes. @param size  as it is, turned as EXIF says */
export function gridOf(
  size: Size,
  contract: Pick<ImageContract, 'minPixels' | 'maxPixels' | 'alpha'>,
  config: Pick<VisionConfig, 'patch' | 'merge'>,
): { rows: number; columns: number } {
  const { height, width } = smartSize(size, imageRules(contract, config));
  const token = config.patch * config.merge;
  return { rows: height / token, columns: width / token };
}
