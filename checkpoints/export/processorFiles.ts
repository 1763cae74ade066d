import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageContract } from '../../configs/contract.js';
import { readJsonObject } from '../base/baseFolder.js';

/**
 * The files by which other tools prepare images, as a base has them but with a contract's limits of pixels: a release
 * states ten times what anyone trains with. A base without any gets one.
 * Source: transformers `Qwen2VLImageProcessor`; version 5 writes processor_config.json, older ones
 * preprocessor_config.json, and saves in between hold limits by both names.
 * @param folder  of the base
 * @returns       by name of the file
 */
export async function processorFiles(
  folder: string,
  config: Record<string, unknown>,
  contract: ImageContract,
): Promise<Map<string, object>> {
  const files = new Map<string, object>();
  const [released, whole] = ['preprocessor_config.json', 'processor_config.json'].map((name) => join(folder, name));
  if (existsSync(whole!)) {
    const json = await readJsonObject(whole!);
    const images = json.image_processor ?? {};
    files.set('processor_config.json', { ...json, image_processor: withLimits(images, contract) });
  }
  if (existsSync(released!) || files.size === 0) {
    const json = existsSync(released!) ? await readJsonObject(released!) : newProcessor(config, contract);
    files.set('preprocessor_config.json', withLimits(json, contract));
  }
  return files;
}

function withLimits(processor: object, { minPixels, maxPixels }: ImageContract): object {
  return {
    ...processor,
    min_pixels: minPixels,
    max_pixels: maxPixels,
    ...('size' in processor && { size: { shortest_edge: minPixels, longest_edge: maxPixels } }),
  };
}

function newProcessor(config: Record<string, unknown>, { mean, std }: ImageContract): object {
  const { patch_size, spatial_merge_size } = config['vision_config'] as Record<string, unknown>;
  return {
    image_processor_type: 'Qwen2VLImageProcessor',
    processor_class: 'Qwen2_5_VLProcessor',
    patch_size,
    temporal_patch_size: 2,
    merge_size: spatial_merge_size,
    image_mean: mean,
    image_std: std,
  };
}
