import { existsSync, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { seededRandom } from '../../../data/random.js';
import { eosId, oracles, workFolder, writeInput, type Setting } from './setting.js';
import { shapes } from './shapes.js';
import { writeRandomBase, type Tensor } from './writeRandomBase.js';

/** Of the tower of Qwen2.5-VL. Source: config.json of the published checkpoints. */
const tower = { hidden: 1280, intermediate: 3420, heads: 16, patch: 14, merge: 2, window: 112, depth: 32, full: 8 };
/** A4 at 150 dots an inch. */
const [width, height] = [1240, 1754];

/** The setting's decoder with the same share of the tower's blocks as it has of its own layers. @returns the folder */
export async function makeVisionBase({ shape, config }: Setting): Promise<string> {
  const whole = shapes[shape]!;
  const blocks = Math.max(1, Math.round((tower.depth * config.layers) / whole.layers));
  const folder = join(workFolder, `bases/${shape}-${config.layers}-vision-${blocks}`);
  if (existsSync(folder)) return folder;
  const full = Array.from({ length: blocks }, (_, block) => block).filter((block) => block % tower.full === 7);
  const beside = {
    tensors: towerTensors(blocks, whole.hidden),
    config: {
      ...{ architectures: ['Qwen2_5_VLForConditionalGeneration'], model_type: 'qwen2_5_vl' },
      ...{ vision_start_token_id: 151_652, vision_end_token_id: 151_653, image_token_id: 151_655 },
      rope_scaling: { type: 'mrope', mrope_section: whole.headDim === 128 ? [16, 24, 24] : [8, 12, 12] },
      vision_config: {
        ...{ depth: blocks, hidden_size: tower.hidden, intermediate_size: tower.intermediate, num_heads: tower.heads },
        ...{ in_chans: 3, patch_size: tower.patch, temporal_patch_size: 2, spatial_merge_size: tower.merge },
        ...{ window_size: tower.window, fullatt_block_indexes: full.length > 0 ? full : [blocks - 1] },
        ...{ out_hidden_size: whole.hidden, hidden_act: 'silu', tokens_per_second: 2 },
      },
    },
  };
  const shaped = { ...whole, layers: config.layers };
  await writeRandomBase(folder, shaped, { seed: 1, eosId, tokenizer: join(oracles(), 'tokenizers/qwen2.5'), beside });
  const processor = { image_processor_type: 'Qwen2VLImageProcessor', processor_class: 'Qwen2_5_VLProcessor' };
  const read = { min_pixels: 3136, max_pixels: 12_845_056, patch_size: 14, temporal_patch_size: 2, merge_size: 2 };
  const colours = {
    image_mean: [0.48145466, 0.4578275, 0.40821073],
    image_std: [0.26862954, 0.26130258, 0.27577711],
  };
  await writeFile(join(folder, 'preprocessor_config.json'), JSON.stringify({ ...processor, ...read, ...colours }));
  return folder;
}

/** Write pages of grey words in lines, as PNG, each another one. @returns the file that lists them */
export async function makePages(first: number, count: number): Promise<string> {
  const folder = join(workFolder, 'pages');
  mkdirSync(folder, { recursive: true });
  const files = Array.from({ length: count }, (_, index) => join(folder, `${first + index}.png`));
  for (const [index, file] of files.entries()) if (!existsSync(file)) await writePage(file, first + index);
  return writeInput(`pages-${first}-${count}`, files);
}

async function writePage(file: string, seed: number): Promise<void> {
  const random = seededRandom('page', seed);
  const pixels = Buffer.alloc(width * height, 255);
  for (let line = 100; line < height - 100; line += 28)
    for (let left = 100; left < width - 200;) {
      const word = 20 + Math.floor(100 * random());
      for (let row = line; row < line + 14; row++)
        for (let column = left; column < left + word; column++)
          pixels[row * width + column] = random() < 0.5 ? 40 : 230;
      left += word + 12;
    }
  await sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toFile(file);
}

function towerTensors(blocks: number, out: number): Tensor[] {
  const { hidden, intermediate, patch, merge } = tower;
  const joined = hidden * merge * merge;
  const linear = (name: string, to: number, from: number): Tensor[] => [
    { name: `visual.${name}.weight`, shape: [to, from] },
    { name: `visual.${name}.bias`, shape: [to] },
  ];
  const block = (name: string): Tensor[] => [
    ...['norm1', 'norm2'].map((norm) => ({ name: `visual.${name}.${norm}.weight`, shape: [hidden] })),
    ...linear(`${name}.attn.qkv`, 3 * hidden, hidden),
    ...linear(`${name}.attn.proj`, hidden, hidden),
    ...linear(`${name}.mlp.gate_proj`, intermediate, hidden),
    ...linear(`${name}.mlp.up_proj`, intermediate, hidden),
    ...linear(`${name}.mlp.down_proj`, hidden, intermediate),
  ];
  return [
    { name: 'visual.patch_embed.proj.weight', shape: [hidden, 3, 2, patch, patch] },
    ...Array.from({ length: blocks }, (_, number) => block(`blocks.${number}`)).flat(),
    { name: 'visual.merger.ln_q.weight', shape: [hidden] },
    ...linear('merger.mlp.0', joined, joined),
    ...linear('merger.mlp.2', out, joined),
  ];
}
