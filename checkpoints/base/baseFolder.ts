import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { contentHash } from '../../data/files/contentHash.js';
import { requireWholeSets } from '../../data/files/wholeSet.js';
import { danglingLink } from '../tensors/danglingLink.js';
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
    throw error.code === 'ENOENT' ? new UserError(danglingLink(file) ?? `${file} does not exist`) : error;
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
  const dangling = danglingLink(single) ?? danglingLink(join(folder, indexName));
  if (dangling) throw new UserError(dangling);
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
      throw new UserError(
        danglingLink(join(folder, shard)) ?? `${folder} lacks ${shard}, which ${indexName} names; download it`,
      );
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

/**
 * SHA-256 over the hashes of the files that hold tensors: every byte counts, their names and order do not. Other cuts
 * into shards are another base. A file in the hub's cache is called after its SHA-256, which the download checked;
 * any other is read, and remembered as `contentHash` says.
 */
async function hashWeights(tensors: Map<string, TensorEntry>): Promise<string> {
  const files = new Set([...tensors.values()].map(({ file }) => file));
  const hashes: string[] = [];
  for (const file of files) hashes.push((await hashOfBlob(file)) ?? (await contentHash(file)));
  return createHash('sha256').update(hashes.sort().join(' ')).digest('hex');
}

/** models--OWNER--NAME/snapshots/COMMIT/FILE leads to models--OWNER--NAME/blobs/SHA256. */
async function hashOfBlob(file: string): Promise<string | undefined> {
  return /[/\\]models--[^/\\]+[/\\]blobs[/\\]([0-9a-f]{64})$/.exec(await realpath(file))?.[1];
}
