import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, statfs, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { writeBeside } from '../../data/files/writeBeside.js';
import { formatBytes, packVectors, unpackVectors, type VectorFormat } from './vectorFormat.js';

/** Where embeddings are kept, in a folder for each model under each contract; any of them may be removed at any time. */
export const embeddingsRoot = 'data/cache/embeddings';

/** What decides an embedding, apart from the text. */
export interface EmbeddedBy {
  /** For people. */
  name: string;
  /** Changes with contract, weights and adapter. */
  identity: string;
  dimensions: number;
  format: VectorFormat;
}

/** Embeddings of one model, found again by the texts that they stand for. */
export interface EmbeddingCache {
  /** Whether these texts' embeddings are there. */
  has(key: string, rows: number): Promise<boolean>;
  /** @returns [rows, dimensions], undefined where they are not kept */
  read(key: string, rows: number): Promise<Float32Array | undefined>;
  write(key: string, vectors: Float32Array): Promise<void>;
}

/**
 * Open the embeddings kept of a model. To make room for what is to come, those of other models go, the least recently
 * used first.
 * @param limitBytes  what all models may keep together
 * @param rowsToCome  embeddings that will be asked for
 * @returns           undefined where they would not fit below the limit or on the disk: nothing is then kept
 */
export async function openEmbeddingCache(
  root: string,
  by: EmbeddedBy,
  limitBytes: number,
  rowsToCome: number,
): Promise<EmbeddingCache | undefined> {
  const bytesToCome = rowsToCome * by.dimensions * formatBytes(by.format);
  if (bytesToCome > limitBytes) return undefined;
  const key = createHash('sha256')
    .update(JSON.stringify([by.identity, by.format]))
    .digest('hex')
    .slice(0, 32);
  const folder = join(root, key);
  try {
    await mkdir(resolve(folder), { recursive: true });
  } catch (error) {
    throw explainWriteFailure(error, folder);
  }
  await writeBeside(join(folder, 'about.json'), `${JSON.stringify(by, null, 2)}\n`);
  await utimes(folder, new Date(), new Date());
  const own = await bytesIn(folder);
  await removeOldest(root, key, limitBytes - Math.max(own, bytesToCome));
  const { bavail, bsize } = await statfs(folder);
  if (bytesToCome - own > bavail * bsize) return undefined;

  const fileOf = (texts: string) => join(folder, `${texts.slice(0, 40)}.vectors`);
  const bytesOf = (rows: number) => rows * by.dimensions * formatBytes(by.format);
  return {
    has: async (texts, rows) => (await sizeOf(fileOf(texts))) === bytesOf(rows),
    async read(texts, rows) {
      const bytes = await readFile(fileOf(texts)).catch(() => undefined);
      return bytes?.length === bytesOf(rows) ? unpackVectors(aligned(bytes), by.format) : undefined;
    },
    write: (texts, vectors) => writeBeside(fileOf(texts), packVectors(vectors, by.format)),
  };
}

/** Remove folders of other models until what is left is small enough. */
async function removeOldest(root: string, keep: string, allowedBytes: number): Promise<void> {
  const others = [];
  for (const name of await readdir(root)) {
    if (name === keep) continue;
    const folder = join(root, name);
    const found = await stat(folder).catch(() => undefined);
    if (found?.isDirectory()) others.push({ folder, usedMs: found.mtimeMs, bytes: await bytesIn(folder) });
  }
  let total = others.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { folder, bytes } of others.sort((one, two) => one.usedMs - two.usedMs)) {
    if (total <= allowedBytes) return;
    await rm(folder, { recursive: true, force: true });
    total -= bytes;
  }
}

async function bytesIn(folder: string): Promise<number> {
  const sizes = await Promise.all((await readdir(folder)).map((name) => sizeOf(join(folder, name))));
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

const sizeOf = async (file: string) => (await stat(file).catch(() => undefined))?.size;

/** Small files come out of a pool of Node's, at any offset. */
const aligned = (bytes: Buffer) => (bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(Uint8Array.from(bytes).buffer));
