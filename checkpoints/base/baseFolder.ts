import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { requireWholeSets } from '../../data/files/wholeSet.js';
import { readSafetensorsIndex } from '../tensors/safetensors.js';
import type { TensorEntry } from '../tensors/safetensorsHeader.js';

/** A model in Hugging Face layout: what is in it and where; no weights are in memory. */
export interface BaseFolder {
  folder: string;
  /** config.json */
  config: Record<string, unknown>;
  tensors: Map<string, TensorEntry>;
  /** Tells two models apart; see `hashWeights`. */
  weightsHash: string;
}

const indexName = 'model.safetensors.index.json';

/**
 * Open a folder that holds config.json and model.safetensors, or shards with an index.
 * @throws UserError naming the file that is missing, damaged or at odds with the index
 */
export async function openBaseFolder(folder: string): Promise<BaseFolder> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new UserError(
      `base ${folder} is not a folder; give one in Hugging Face layout: config.json, tokenizer.json, model.safetensors`,
    );
  const config = await readJsonObject(join(folder, 'config.json'));
  const tensors = await readTensors(folder);
  return { folder, config, tensors, weightsHash: await hashWeights(tensors) };
}

/** Read a file that holds one JSON object. @throws UserError when it is missing or anything else */
export async function readJsonObject(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new UserError(`${file} does not exist`) : error;
  });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // the message below says all that matters
  }
  throw new UserError(`${file} must hold one JSON object; it is damaged or another kind of file`);
}

async function readTensors(folder: string): Promise<Map<string, TensorEntry>> {
  const single = join(folder, 'model.safetensors');
  if (existsSync(single)) return (await readSafetensorsIndex(single)).tensors;
  if (existsSync(join(folder, indexName))) return readShards(folder);
  if (readdirSync(folder).some((name) => /^pytorch_model.*\.bin/.test(name)))
    throw new UserError(`${folder} holds pytorch_model.bin only; convert the weights to model.safetensors`);
  throw new UserError(`${folder} holds neither model.safetensors nor ${indexName}; download the weights`);
}

async function readShards(folder: string): Promise<Map<string, TensorEntry>> {
  const index = join(folder, indexName);
  const places = Object.entries(((await readJsonObject(index)).weight_map ?? {}) as Record<string, unknown>);
  if (places.length === 0) throw new UserError(`${index} has no weight_map; download it again`);
  const tensors = new Map<string, TensorEntry>();
  const shards = [...new Set(places.map(([, file]) => String(file)))].sort();
  requireWholeSets(shards);
  for (const shard of shards) {
    if (/[/\\]/.test(shard)) throw new UserError(`${index} names ${shard}; shards must lie beside the index`);
    if (!existsSync(join(folder, shard)))
      throw new UserError(`${folder} lacks ${shard}, which ${indexName} names; download it`);
    const inShard = (await readSafetensorsIndex(join(folder, shard))).tensors;
    const named = new Set(places.filter(([, file]) => file === shard).map(([name]) => name));
    for (const name of named)
      if (!inShard.has(name))
        throw new UserError(`${shard} lacks ${name}, which ${index} places there; download both again`);
    for (const [name, entry] of inShard) {
      if (!named.has(name))
        throw new UserError(`${shard} holds ${name}, which ${index} does not place there; download both again`);
      tensors.set(name, entry);
    }
  }
  return tensors;
}

const sampleBytes = 4096;

/**
 * SHA-256 over name, kind, shape and the first and last 4 KiB of every tensor, by name. It tells models apart in a
 * fraction of a second and does not depend on how the weights are cut into shards; it is identity, not integrity:
 * a changed number in the middle of a large tensor goes unseen.
 */
async function hashWeights(tensors: Map<string, TensorEntry>): Promise<string> {
  const hash = createHash('sha256');
  const files = new Map(await Promise.all([...new Set([...tensors.values()].map((t) => t.file))].map(openNamed)));
  try {
    for (const name of [...tensors.keys()].sort()) {
      const { dtype, shape, file, begin, end } = tensors.get(name)!;
      hash.update(JSON.stringify([name, dtype, shape]));
      const middle = Math.min(end, begin + sampleBytes);
      for (const [from, to] of [[begin, middle] as const, [Math.max(middle, end - sampleBytes), end] as const]) {
        const bytes = new Uint8Array(to - from);
        await files.get(file)!.read(bytes, 0, bytes.length, from);
        hash.update(bytes);
      }
    }
  } finally {
    for (const handle of files.values()) await handle.close();
  }
  return hash.digest('hex');
}

const openNamed = async (file: string) => [file, await open(file, 'r')] as const;
