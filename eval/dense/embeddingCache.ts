import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBeside } from '../../data/files/writeBeside.js';
import type { PartialEmbeddings } from '../encoder/encoder.js';
import { claim, isClaimed, release } from './claims.js';
import { aboutFile, makeRoom } from './makeRoom.js';
import { readPartial, writePartial } from './partialFile.js';
import { formatBytes, packVectors, unpackVectors, type VectorFormat } from './vectorFormat.js';
import { homePath } from '../../configs/cli/homePath.js';
import { makeFolder } from '../../data/files/makeFolder.js';

/** Where embeddings are kept, in a folder for each model under each contract; any of them may be removed at any time. */
export const embeddingsRoot = homePath('data/cache/embeddings');

/** What decides an embedding, apart from the text. */
export interface EmbeddedBy {
  /** For people. */
  name: string;
  /** Changes with contract, weights and adapter. */
  identity: string;
  dimensions: number;
  format: VectorFormat;
}

/** Texts whose embeddings are kept together. */
export interface KeptTexts {
  key: string;
  rows: number;
}

/** Embeddings of one model, found again by the texts that they stand for. Several processes may share it. */
export interface EmbeddingCache {
  /** Why new embeddings are not kept; undefined where they are. Those that are there are read all the same. */
  refusal: string | undefined;
  /** Whether these texts' embeddings seem to be there. */
  has(texts: KeptTexts): boolean;
  /** @returns [rows, dimensions]; undefined where they are not kept, or damaged: these are removed */
  read(texts: KeptTexts): Promise<Float32Array | undefined>;
  /** Whether a process, perhaps this one, is making them. */
  isClaimed(texts: KeptTexts): boolean;
  /** Take on the making of what is not there. @returns false where another process is at it, or has just done it */
  claim(texts: KeptTexts): boolean;
  /** Keep what was claimed, and give up the claim. */
  write(texts: KeptTexts, vectors: Float32Array): Promise<void>;
  /** Of what was claimed: what an interrupted process had made, and is kept for the next. Undefined where nothing can be. */
  readonly parts: EmbeddingParts | undefined;
  /** Give up all claims, and let others remove what is kept. */
  close(): void;
}

interface EmbeddingParts {
  read(texts: KeptTexts): Promise<PartialEmbeddings>;
  write(texts: KeptTexts, part: PartialEmbeddings): Promise<void>;
}

/**
 * Open the embeddings kept of a model. To make room for those that are to come, the least recently used of other texts
 * and models go, but none that a living process is using.
 * @param limitBytes  what all models may keep together
 * @param wanted      all that will be asked for
 * @param warn        told when from now on nothing can be kept any more
 * @throws UserError when the folder cannot be written
 */
export async function openEmbeddingCache(
  root: string,
  by: EmbeddedBy,
  limitBytes: number,
  wanted: readonly KeptTexts[],
  warn: (text: string) => void,
): Promise<EmbeddingCache> {
  const folder = join(root, folderOf(by));
  await makeFolder(folder);
  await writeBeside(join(folder, aboutFile), `${JSON.stringify(by, null, 2)}\n`);
  const fileOf = ({ key }: KeptTexts) => join(folder, `${key.slice(0, 40)}.vectors`);
  const claimOf = (texts: KeptTexts) => `${fileOf(texts)}.claim`;
  const partOf = ({ key }: KeptTexts) => join(folder, `${key.slice(0, 40)}.part`);
  const bytesOf = ({ rows }: KeptTexts) => rows * by.dimensions * formatBytes(by.format);
  const unusable = new Set<string>();
  const isThere = (texts: KeptTexts) =>
    sizeOf(fileOf(texts)) === bytesOf(texts) + hashBytes && !unusable.has(fileOf(texts));
  const files = wanted.map((texts) => ({ file: fileOf(texts), bytes: bytesOf(texts) + hashBytes }));
  const room = await makeRoom(root, files, limitBytes);
  let refusal = wanted.every(isThere) ? undefined : room.refusal;

  const claimed = new Set<string>();
  const giveUp = (file: string) => {
    claimed.delete(file);
    release(file);
  };
  const parts: EmbeddingParts = {
    read: (texts) => readPartial(partOf(texts), texts.key, texts.rows, by.dimensions),
    // A disk that others filled costs what was made: this process is to end.
    write: (texts, part) => writePartial(partOf(texts), texts.key, part).catch(() => {}),
  };
  return {
    get refusal() {
      return refusal;
    },
    get parts() {
      return refusal === undefined ? parts : undefined;
    },
    has: isThere,
    async read(texts) {
      if (!isThere(texts)) return undefined;
      const bytes = await readFile(fileOf(texts)).catch(() => Buffer.alloc(0));
      const packed = bytes.subarray(0, bytesOf(texts));
      if (!hashOf(packed).equals(bytes.subarray(packed.length))) {
        await rm(fileOf(texts), { force: true }).catch(() => unusable.add(fileOf(texts))); // nor waited for again
        return undefined;
      }
      await utimes(fileOf(texts), new Date(), new Date()).catch(() => {}); // it may have been removed since
      return unpackVectors(aligned(packed), by.format);
    },
    isClaimed: (texts) => refusal === undefined && isClaimed(claimOf(texts)),
    claim(texts) {
      if (refusal !== undefined) return true;
      if (!claim(claimOf(texts))) return false;
      claimed.add(claimOf(texts));
      if (!isThere(texts)) return true;
      giveUp(claimOf(texts)); // it was made between a look and the claim
      return false;
    },
    async write(texts, vectors) {
      try {
        if (refusal !== undefined) return;
        const packed = packVectors(vectors, by.format);
        await writeBeside(fileOf(texts), async (file) => {
          await file.writeFile(packed);
          await file.writeFile(hashOf(packed));
        });
        await rm(partOf(texts), { force: true });
      } catch (error) {
        // What was made is in use all the same: a disk that others filled must not end hours of work.
        refusal = (error as Error).message;
        warn(notKept(refusal));
      } finally {
        giveUp(claimOf(texts));
      }
    },
    close() {
      claimed.forEach(giveUp);
      room.leave();
    },
  };
}

/** For people. */
export const notKept = (why: string): string =>
  `embeddings are not kept, and are made again when they are needed: ${why}`;

/** Raised when the files change their form. */
const FORMAT = 2;

const folderOf = ({ identity, format }: EmbeddedBy) =>
  createHash('sha256')
    .update(JSON.stringify([FORMAT, identity, format]))
    .digest('hex')
    .slice(0, 32);

/** Behind the vectors stands their SHA-256: a file of the right length may hold zeros where a disk lost what was written. */
const hashBytes = 32;
const hashOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function sizeOf(file: string): number | undefined {
  try {
    return statSync(file).size;
  } catch {
    return undefined;
  }
}

/** Small files come out of a pool of Node's, at any offset. */
const aligned = (bytes: Buffer) => (bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(Uint8Array.from(bytes).buffer));
