import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBaseFolder, readJsonObject } from '../../../checkpoints/base/baseFolder.js';
import {
  fromFloat32,
  readTensorBytes,
  readTensorRows,
  writeSafetensors,
  type TensorToWrite,
} from '../../../checkpoints/tensors/safetensors.js';
import { makeFolder } from '../../../data/files/makeFolder.js';
import type { ColourValues } from '../../../model/vision/imageFeatures.js';
import { patchName, type TrainableTower } from './demoTower.js';
import { visionTokens } from './demoVision.js';

const embeddingName = 'model.embed_tokens.weight';

/**
 * Write a base with a vision tower in the layout of Qwen2.5-VL's releases: the decoder of a folder as it is, with the tower
 * in bfloat16 and tokens for images, which read as the end of a line until something is learned of them.
 * @param decoder   folder of a Qwen2.5 base whose tokenizer's ids are the rows of its embedding
 * @param lineEnd   id of the token of a line's end
 */
export async function writeVisionBase(
  folder: string,
  decoder: string,
  tower: TrainableTower,
  values: ColourValues,
  lineEnd: number,
): Promise<void> {
  await makeFolder(folder);
  const { config, tensors } = await openBaseFolder(decoder);
  await writeJson(join(folder, 'config.json'), configJson(config, tower));
  await writeJson(join(folder, 'preprocessor_config.json'), processorJson(values, tower));
  await writeTokenizer(folder, decoder);
  const kept = await Promise.all(
    [...tensors].map(async ([name, entry]): Promise<TensorToWrite> => {
      const { dtype, shape } = entry;
      const bytes = await readTensorBytes(entry);
      if (name !== embeddingName) return { name, dtype, shape, bytes };
      const added = readTensorRows(
        entry,
        visionTokens.map(() => lineEnd),
      );
      return { name, dtype, shape: [shape[0]! + visionTokens.length, shape[1]!], bytes: Buffer.concat([bytes, added]) };
    }),
  );
  await writeSafetensors(join(folder, 'model.safetensors'), [...kept, ...towerTensors(tower)], { format: 'pt' });
}

function towerTensors({ parameters, config }: TrainableTower): TensorToWrite[] {
  return [...parameters].map(([name, variable]) => {
    const values = variable.dataSync<'float32'>();
    const [stored, shape] = name === patchName ? ofFrames(values, config) : [values, variable.shape];
    return { name, dtype: 'BF16' as const, shape, bytes: fromFloat32(stored, 'BF16') };
  });
}

/** The patch embedding as it is stored: half of it for each of the two frames that a still image has. */
function ofFrames(values: Float32Array, { hidden, patch }: TrainableTower['config']): [Float32Array, number[]] {
  const [planes, pixels, frames] = [hidden * 3, patch * patch, 2];
  const stored = new Float32Array(values.length * frames);
  for (let plane = 0; plane < planes; plane++) {
    const half = values.subarray(plane * pixels, (plane + 1) * pixels).map((value) => value / frames);
    for (let frame = 0; frame < frames; frame++) stored.set(half, (plane * frames + frame) * pixels);
  }
  return [stored, [hidden, 3, frames, patch, patch]];
}

async function writeTokenizer(folder: string, decoder: string): Promise<void> {
  const json = await readJsonObject(join(decoder, 'tokenizer.json'));
  const known = json['added_tokens'] as { id: number }[];
  const first = known.at(-1)!.id + 1;
  const added = visionTokens.map((content, index) => ({ ...known.at(-1)!, id: first + index, content }));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...json, added_tokens: [...known, ...added] }));
  await writeFile(join(folder, 'tokenizer_config.json'), await readFile(join(decoder, 'tokenizer_config.json')));
}

function configJson(decoder: Record<string, unknown>, { config }: TrainableTower): Record<string, unknown> {
  return {
    ...decoder,
    architectures: ['Qwen2_5_VLForConditionalGeneration'],
    model_type: 'qwen2_5_vl',
    vocab_size: (decoder['vocab_size'] as number) + visionTokens.length,
    rope_scaling: { type: 'mrope', mrope_section: config.sections },
    vision_start_token_id: config.startId,
    vision_end_token_id: config.endId,
    image_token_id: config.imageId,
    vision_config: {
      depth: config.blocks,
      hidden_act: 'silu',
      hidden_size: config.hidden,
      intermediate_size: config.intermediate,
      num_heads: config.heads,
      in_chans: 3,
      out_hidden_size: config.out,
      patch_size: config.patch,
      spatial_merge_size: config.merge,
      spatial_patch_size: config.patch,
      window_size: config.window * config.patch * config.merge,
      fullatt_block_indexes: config.fullBlocks,
      tokens_per_second: 2,
      temporal_patch_size: 2,
    },
  };
}

const processorJson = ({ mean, std }: ColourValues, { config }: TrainableTower): Record<string, unknown> => ({
  min_pixels: 3136,
  max_pixels: 12845056,
  patch_size: config.patch,
  temporal_patch_size: 2,
  merge_size: config.merge,
  image_mean: mean,
  image_std: std,
  image_processor_type: 'Qwen2VLImageProcessor',
  processor_class: 'Qwen2_5_VLProcessor',
});

const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
