import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contract } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import type { Adapter, AdapterMatrix } from '../adapter/adapter.js';
import { addLowRank } from './addLowRank.js';
import type { BaseFolder } from '../base/baseFolder.js';
import { writeContract } from '../contract/contractFile.js';
import { mergedCard } from './mergedCard.js';
import { processorFiles } from './processorFiles.js';
import {
  fromFloat32,
  readTensorBytes,
  toFloat32,
  writeSafetensors,
  type TensorToWrite,
} from '../tensors/safetensors.js';
import type { TensorDtype, TensorEntry } from '../tensors/safetensorsHeader.js';
import { bytesOf, dtypeBytes } from '../tensors/safetensorsHeader.js';
import { releasedName } from '../base/releasedName.js';
import { tensorPrefixes } from '../base/tensorPrefixes.js';
import { writeBeside } from '../../data/files/writeBeside.js';
import { writeFolder } from '../../data/files/writeFolder.js';

export interface MergedExport {
  base: BaseFolder;
  adapter: Adapter;
  contract: Contract;
  /** Kind of the written weights; the base's own unless given. Rounding to it changes embeddings a little. */
  dtype?: 'F32';
  /** Longest shard; 5 GB unless given. */
  shardBytes?: number;
}

/**
 * Write the base with the adapter added to its weights: a folder that every tool loads as it loads the base.
 * Tensor names, of vision-language bases as in their releases, configuration and tokenizer are the base's; where the
 * contract reads images, how they are prepared is the base's within the contract's limits. A tensor is in memory by pieces
 * of some rows.
 * @throws UserError when the adapter does not fit the base, the folder is not empty, or the disk is full
 */
export const exportMerged = (output: string, merged: MergedExport): Promise<void> =>
  writeFolder(output, async (folder) => {
    await writeMergedWeights(folder, merged);
    await writeBeside(join(folder, 'README.md'), mergedCard(merged.adapter, merged.contract));
  });

/** Put weights, configuration, tokenizer and contract of a merged model into a folder. */
export async function writeMergedWeights(folder: string, merged: MergedExport): Promise<void> {
  const { base, adapter, contract, dtype, shardBytes = 5e9 } = merged;
  const changed = matchTensors(base, adapter);
  const tensors = [...base.tensors].map(([name, entry]): TensorToWrite => {
    const written = dtype && isFloat(entry.dtype) ? dtype : entry.dtype;
    const bytes = () => mergedBytes(entry, written, changed.get(name), adapter.alpha / adapter.rank);
    return { name: base.config.vision_config ? releasedName(name) : name, dtype: written, shape: entry.shape, bytes };
  });
  await copyBaseFiles(base, folder);
  if (contract.image)
    for (const [name, value] of await processorFiles(base.folder, base.config, contract.image))
      await writeJson(join(folder, name), value);
  const kind = dtype && { torch_dtype: 'float32', dtype: 'float32' }; // the name differs by library version
  await writeJson(join(folder, 'config.json'), { ...base.config, ...kind });
  await writeShards(folder, tensors, shardBytes);
  await writeContract(join(folder, 'contract.json'), contract);
}

/** Copy what lies beside a base's weights: tokenizer, licence, for a vision-language model how images are prepared. */
async function copyBaseFiles(base: BaseFolder, folder: string): Promise<void> {
  const wanted = base.config.vision_config ? [...baseFiles, /^((video_)?pre)?processor_config\.json$/] : baseFiles;
  for (const name of await readdir(base.folder))
    if (wanted.some((pattern) => pattern.test(name)))
      await writeBeside(join(folder, name), await readFile(join(base.folder, name)));
}

const baseFiles = [
  /^(generation|tokenizer)_config\.json$/,
  /^(tokenizer|special_tokens_map|added_tokens|vocab)\.json$/,
  /^(merges\.txt|tokenizer\.model|chat_template\.(json|jinja))$/,
  /^(LICEN[CS]E|NOTICE)/,
];

/** @returns the matrix for each tensor of the base that is to be changed */
function matchTensors(base: BaseFolder, adapter: Adapter): Map<string, AdapterMatrix> {
  const changed = new Map<string, AdapterMatrix>();
  for (const [name, matrix] of adapter.matrices) {
    const candidates = tensorPrefixes.map((prefix) => `${prefix}${name}.weight`);
    const tensor = candidates.find((candidate) => base.tensors.has(candidate));
    if (tensor === undefined)
      throw new UserError(
        `base ${base.folder} has no ${name}, which the adapter changes; name the base it was trained on`,
      );
    const { shape } = base.tensors.get(tensor)!;
    if (shape[0] !== matrix.outSize || shape[1] !== matrix.inSize)
      throw new UserError(
        `${name} is [${shape.join(', ')}] in base ${base.folder}, [${matrix.outSize}, ${matrix.inSize}] in the adapter; name the base it was trained on`,
      );
    changed.set(tensor, matrix);
  }
  return changed;
}

const isFloat = (dtype: TensorDtype) => dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';

/** Rows are read, changed and rounded some at a time: this many numbers. */
const pieceNumbers = 16 * 1024 * 1024;

async function* mergedBytes(
  entry: TensorEntry,
  written: TensorDtype,
  matrix: AdapterMatrix | undefined,
  scale: number,
): AsyncGenerator<Uint8Array> {
  const [height = 1, ...rest] = entry.shape;
  const width = rest.reduce((product, side) => product * side, 1);
  const rowBytes = width * dtypeBytes[entry.dtype];
  const piece = Math.max(1, Math.floor(pieceNumbers / width));
  for (let row = 0; row < height; row += piece) {
    const end = Math.min(height, row + piece);
    const begin = entry.begin + row * rowBytes;
    const bytes = await readTensorBytes({ ...entry, begin, end: entry.begin + end * rowBytes });
    if (!matrix && written === entry.dtype) {
      yield bytes;
      continue;
    }
    const values = toFloat32(bytes, entry.dtype);
    if (matrix) {
      const rank = matrix.a.length / matrix.inSize;
      const left = matrix.b.slice(row * rank, end * rank).map((value) => value * scale);
      addLowRank(values, left, matrix.a, end - row, rank, width);
    }
    yield fromFloat32(values, written);
  }
}

async function writeShards(folder: string, tensors: TensorToWrite[], shardBytes: number): Promise<void> {
  const shards: TensorToWrite[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    const size = bytesOf(tensor);
    if (shards.length === 0 || size > room) {
      shards.push([]);
      room = shardBytes;
    }
    shards.at(-1)!.push(tensor);
    room -= size;
  }
  if (shards.length === 1) return await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  const number = (i: number) => String(i).padStart(5, '0');
  const places: [string, string][] = [];
  for (const [i, shard] of shards.entries()) {
    const name = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    await writeSafetensors(join(folder, name), shard);
    places.push(...shard.map((tensor) => [tensor.name, name] as [string, string]));
  }
  await writeJson(join(folder, 'model.safetensors.index.json'), {
    metadata: { total_size: tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0) },
    weight_map: Object.fromEntries(places),
  });
}

const writeJson = (file: string, value: unknown) => writeBeside(file, JSON.stringify(value, null, 2) + '\n');
