import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { float32ToBfloat16 } from '../../../checkpoints/tensors/numberFormats.js';
import { readJsonObject } from '../../../checkpoints/base/baseFolder.js';
import { writeSafetensors, type TensorToWrite } from '../../../checkpoints/tensors/safetensors.js';
import { projections } from '../../../configs/schema.js';
import { matrixName } from '../../../checkpoints/adapter/names.js';
import { seededRandom } from '../../../data/random.js';
import { writeBeside } from '../../../data/files/writeBeside.js';
import { writeFolder } from '../../../data/files/writeFolder.js';
import { projectionShape } from '../../../model/layer/decoder.js';
import { configJson, type Shape } from './shapes.js';

const deviation = 0.02;
const pieceValues = 4 * 1024 * 1024;

export interface Tensor {
  name: string;
  shape: number[];
}

/**
 * Write a checkpoint of random weights in Hugging Face layout: bfloat16, N(0, 0.02), norms of one, in shards. Weights
 * are made piece by piece, so a base of any size takes little memory.
 * @param tokenizer   folder whose tokenizer files are copied along; none where left out
 * @param shardBytes  a shard is closed when the next tensor would make it larger
 * @param beside      what the checkpoint has beside its decoder: tensors, and what config.json says of them
 * @throws UserError when the folder is not empty or the disk is full
 */
export const writeRandomBase = (
  output: string,
  shape: Shape,
  options: {
    seed: number;
    eosId: number;
    tokenizer?: string | undefined;
    shardBytes?: number;
    beside?: { tensors: Tensor[]; config: object };
  },
): Promise<void> =>
  writeFolder(output, async (folder) => {
    const { seed, eosId, tokenizer, shardBytes = 2e9, beside = { tensors: [], config: {} } } = options;
    const shards = cutShards([...tensorsOf(shape), ...beside.tensors], shardBytes);
    const nameOf = (index: number) => `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`;
    for (const [index, tensors] of shards.entries())
      await writeSafetensors(
        join(folder, nameOf(index)),
        tensors.map((tensor) => randomTensor(tensor, seed)),
      );
    const places = shards.flatMap((tensors, index) => tensors.map(({ name }) => [name, nameOf(index)] as const));
    const index = {
      metadata: { total_size: shards.flat().reduce((sum, tensor) => sum + bytesOf(tensor), 0) },
      weight_map: Object.fromEntries(places),
    };
    await writeBeside(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
    await writeBeside(
      join(folder, 'config.json'),
      JSON.stringify({ ...configJson(shape, eosId), ...beside.config }, null, 2),
    );
    if (tokenizer) await copyTokenizer(tokenizer, folder);
  });

/** Without the chat template: sentence-transformers would wrap every text in it. */
async function copyTokenizer(from: string, to: string): Promise<void> {
  await copyFile(join(from, 'tokenizer.json'), join(to, 'tokenizer.json'));
  const { chat_template: _template, ...config } = await readJsonObject(join(from, 'tokenizer_config.json'));
  await writeBeside(join(to, 'tokenizer_config.json'), JSON.stringify(config, null, 2));
}

function tensorsOf(shape: Shape): Tensor[] {
  const { vocabularySize, hidden, layers } = shape;
  const all: Tensor[] = [{ name: 'model.embed_tokens.weight', shape: [vocabularySize, hidden] }];
  for (let layer = 0; layer < layers; layer++) {
    for (const target of projections) {
      const size = projectionShape(shape, target);
      const name = `model.${matrixName(layer, target)}`;
      all.push({ name: `${name}.weight`, shape: size });
      if (target === 'q' || target === 'k' || target === 'v') all.push({ name: `${name}.bias`, shape: [size[0]] });
    }
    for (const norm of ['input_layernorm', 'post_attention_layernorm'])
      all.push({ name: `model.layers.${layer}.${norm}.weight`, shape: [hidden] });
  }
  all.push({ name: 'model.norm.weight', shape: [hidden] });
  if (!shape.tied) all.push({ name: 'lm_head.weight', shape: [vocabularySize, hidden] });
  return all;
}

function cutShards(tensors: Tensor[], most: number): Tensor[][] {
  const shards: Tensor[][] = [];
  let bytes = Infinity;
  for (const tensor of tensors) {
    if (bytes + bytesOf(tensor) > most) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)!.push(tensor);
    bytes += bytesOf(tensor);
  }
  return shards;
}

function randomTensor({ name, shape }: Tensor, seed: number): TensorToWrite {
  const size = shape.reduce((product, side) => product * side, 1);
  const bytes = /norm\d?\.weight$|ln_q\.weight$/.test(name)
    ? new Uint8Array(float32ToBfloat16(new Float32Array(size).fill(1)).buffer)
    : () => randomPieces(size, seededRandom('weights', seed, name)() * 2 ** 32);
  return { name, dtype: 'BF16', shape, bytes };
}

/** Each 32 random bits pick two of 65,536 normal numbers: a gigabyte takes seconds. Source: xorshift32 (G. Marsaglia). */
async function* randomPieces(size: number, seed: number): AsyncIterable<Uint8Array> {
  const normal = normalNumbers();
  const piece = new Uint16Array(Math.min(size, pieceValues));
  let state = seed | 1;
  for (let done = 0; done < size; done += piece.length) {
    const length = Math.min(piece.length, size - done);
    for (let place = 0; place < length; place += 2) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      piece[place] = normal[state & 0xffff]!;
      piece[place + 1] = normal[state >>> 16]!; // one past an odd end is dropped
    }
    yield new Uint8Array(piece.buffer, 0, 2 * length);
  }
}

let normalTable: Uint16Array | undefined;

/** 65,536 draws from N(0, 0.02) as bfloat16. Source: Box-Muller transform. */
function normalNumbers(): Uint16Array {
  if (normalTable) return normalTable;
  const random = seededRandom('normal numbers');
  const values = new Float32Array(0x10000);
  for (let place = 0; place < values.length; place += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[place] = radius * Math.cos(angle);
    values[place + 1] = radius * Math.sin(angle);
  }
  return (normalTable = float32ToBfloat16(values));
}

const bytesOf = ({ shape }: Tensor) => shape.reduce((product, side) => product * side, 2);
const number = (value: number) => String(value).padStart(5, '0');
