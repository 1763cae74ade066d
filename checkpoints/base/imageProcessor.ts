import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageContract } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { readJsonObject } from './baseFolder.js';

/** CLIP's, which every release of Qwen2.5-VL states. */
const usual = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** What a processor may say and is computed; a limit of pixels is the contract's. */
const computed: Record<string, unknown[]> = {
  resample: [3],
  do_resize: [true],
  do_rescale: [true],
  do_normalize: [true],
  do_convert_rgb: [true],
  rescale_factor: [1 / 255],
  temporal_patch_size: [2],
};

/**
 * Mean and deviation of colours that a base's image processor states: in preprocessor_config.json, or in the
 * processor_config.json that transformers 5 writes.
 * @throws UserError when it states what is not computed here
 */
export async function imageValues(folder: string): Promise<Pick<ImageContract, 'mean' | 'std'>> {
  const released = join(folder, 'preprocessor_config.json');
  const file = existsSync(released) ? released : join(folder, 'processor_config.json');
  if (!existsSync(file)) return usual;
  const json = await readJsonObject(file);
  const stated = (file === released ? json : (json['image_processor'] ?? {})) as Record<string, unknown>;
  for (const [name, accepted] of Object.entries(computed))
    if (stated[name] != null && !accepted.includes(stated[name]))
      throw new UserError(
        `${file}: ${name} must be ${accepted.join(' or ')}; got ${JSON.stringify(stated[name])}, which is not computed here`,
      );
  return {
    mean: colours(stated, 'image_mean', usual.mean, file),
    std: colours(stated, 'image_std', usual.std, file),
  };
}

function colours(stated: Record<string, unknown>, name: string, usually: number[], file: string): number[] {
  const value = stated[name] ?? usually;
  const isUsable = Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === 'number');
  if (!isUsable || (name === 'image_std' && value.some((part) => !(part > 0))))
    throw new UserError(`${file}: ${name} must be three numbers; got ${JSON.stringify(value)}`);
  return value;
}
