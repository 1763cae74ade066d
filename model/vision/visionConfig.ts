import { UserError } from '../../configs/userError.js';
import type { ModelConfig } from '../modelConfig.js';

/** What the vision tower's layers and the placing of images need to know; every value comes from config.json. */
export interface VisionConfig {
  hidden: number;
  intermediate: number;
  blocks: number;
  heads: number;
  headDim: number;
  /** Pixels on a side of a patch. */
  patch: number;
  /** Patches on a side of the block that becomes one token. */
  merge: number;
  /** Tokens on a side of an attention window. */
  window: number;
  /** Blocks that see the whole image instead of one window. */
  fullBlocks: number[];
  /** Hidden size of the decoder. */
  out: number;
  /** Rotary frequencies of the decoder that turn by time, row and column. */
  sections: [time: number, row: number, column: number];
  /** Ids of the tokens before an image, in the place of each of its tokens, and behind it. */
  startId: number | undefined;
  imageId: number;
  endId: number | undefined;
}

/** What of it decides how much a tower computes and holds. */
export type TowerShape = Omit<VisionConfig, 'headDim' | 'sections' | 'startId' | 'imageId' | 'endId'>;

/**
 * Read the shape of the vision tower from a parsed config.json.
 * Source: Hugging Face `Qwen2_5_VLVisionConfig`.
 * @param file  path of the config, for messages
 * @returns     undefined where the base has no such tower
 * @throws UserError when a value is missing or asks for something that is not the tower of Qwen2.5-VL
 */
export function visionConfig(
  json: Record<string, unknown>,
  { hidden: out, headDim: decoderHeadDim }: Pick<ModelConfig, 'hidden' | 'headDim'>,
  file: string,
): VisionConfig | undefined {
  if (json['vision_config'] == null) return undefined;
  const tower = json['vision_config'] as Record<string, unknown>;
  const size = (name: string, values = tower, group = 'vision_config.'): number => {
    const value = values[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
      throw new UserError(`${file}: ${group}${name} must be a whole number above 0; got ${JSON.stringify(value)}`);
    return value;
  };
  const same = (name: string, wanted: unknown) => {
    if (tower[name] != null && tower[name] !== wanted)
      throw new UserError(
        `${file}: vision_config.${name} must be ${String(wanted)}; got ${JSON.stringify(tower[name])}`,
      );
  };
  for (const [name, wanted] of [
    ['hidden_act', 'silu'],
    ['temporal_patch_size', 2],
    ['in_chans', 3],
    ['in_channels', 3],
    ['out_hidden_size', out],
  ] as const)
    same(name, wanted);
  const theta = (tower['rope_parameters'] as { rope_theta?: unknown } | undefined)?.rope_theta;
  if (theta !== undefined && theta !== towerTheta)
    throw new UserError(
      `${file}: vision_config.rope_parameters.rope_theta must be ${towerTheta}; got ${JSON.stringify(theta)}`,
    );
  const [hidden, heads, patch, merge] = [
    size('hidden_size'),
    size('num_heads'),
    size('patch_size'),
    size('spatial_merge_size'),
  ];
  const window = size('window_size') / patch / merge;
  const headDim = hidden / heads;
  if (headDim % 4 !== 0)
    throw new UserError(`${file}: the head size of the vision tower must be a multiple of 4; got ${headDim}`);
  if (!Number.isInteger(window))
    throw new UserError(
      `${file}: vision_config.window_size must be a multiple of ${patch * merge}, the side of a token; got ${size('window_size')}`,
    );
  return {
    hidden,
    intermediate: size('intermediate_size'),
    blocks: size('depth'),
    heads,
    headDim,
    patch,
    merge,
    window,
    fullBlocks: blockNumbers(tower['fullatt_block_indexes'], file),
    out,
    sections: sectionsOf(json, decoderHeadDim / 2, file),
    startId: idOf('vision_start_token_id', json),
    imageId: size('image_token_id', json, ''),
    endId: idOf('vision_end_token_id', json),
  };
}

/** Of the tower's rotary embedding, which released files do not state. */
export const towerTheta = 10000;

function blockNumbers(value: unknown, file: string): number[] {
  if (Array.isArray(value) && value.every((number) => Number.isInteger(number) && number >= 0))
    return value as number[];
  throw new UserError(`${file}: vision_config.fullatt_block_indexes must list blocks; got ${JSON.stringify(value)}`);
}

function sectionsOf(json: Record<string, unknown>, pairs: number, file: string): [number, number, number] {
  const text = { ...json, ...((json['text_config'] as object | undefined) ?? {}) } as Record<string, unknown>;
  const groups = [text['rope_scaling'], text['rope_parameters']] as ({ mrope_section?: unknown } | undefined)[];
  const sections = groups.find((group) => group?.mrope_section != null)?.mrope_section;
  const isUsable =
    Array.isArray(sections) &&
    sections.length === 3 &&
    sections.every((count) => Number.isInteger(count) && count >= 0) &&
    sections.reduce((sum: number, count: number) => sum + count, 0) === pairs;
  if (isUsable) return sections as [number, number, number];
  throw new UserError(
    `${file}: mrope_section must be three numbers that add up to ${pairs}; got ${JSON.stringify(sections)}`,
  );
}

/** Saves of some library versions lack an id; the tokenizer has it by its text. */
function idOf(name: string, json: Record<string, unknown>): number | undefined {
  const id = json[name];
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 ? id : undefined;
}
