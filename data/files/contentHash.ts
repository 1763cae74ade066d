import { createHash } from 'node:crypto';
import { createReadStream, type BigIntStats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withBar } from '../../configs/cli/progress.js';
import { writeBeside } from './writeBeside.js';
import { homePath } from '../../configs/cli/homePath.js';

/** Where hashes of large files are remembered. */
const hashesRoot = homePath('data/cache/hashes');

/**
 * SHA-256, hexadecimal, of every byte of a file. That of a large file is remembered under its device, inode, size and
 * both its times in nanoseconds, which no copy and no edit shares, so that the second time takes none.
 * @param root  where it is remembered
 */
export async function contentHash(path: string, root = hashesRoot): Promise<string> {
  for (;;) {
    const before = await stat(path, { bigint: true });
    const record = join(root, `${before.dev}-${before.ino}.json`);
    const key = keyOf(before);
    const isLarge = before.size >= rememberedBytes;
    const recorded = isLarge ? await readRecord(record) : undefined;
    if (recorded?.key === key) return recorded.sha256;
    const sha256 = await hashAll(path, Number(before.size));
    const after = await stat(path, { bigint: true });
    if (keyOf(after) !== key) continue; // written to meanwhile
    if (isLarge && isSettled(before))
      // What cannot be remembered is hashed again.
      await writeBeside(record, JSON.stringify({ path, key, sha256 })).catch(() => {});
    return sha256;
  }
}

const rememberedBytes = 2n ** 20n;

const keyOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) => [dev, ino, size, mtimeNs, ctimeNs].join(' ');

/** Clocks of file systems tick coarsely: a file of this moment may still change without a later time. */
const isSettled = ({ mtimeNs, ctimeNs }: BigIntStats) => {
  const settledNs = BigInt(Date.now() - 3000) * 1_000_000n;
  return mtimeNs < settledNs && ctimeNs < settledNs;
};

/** A record that is missing or damaged is none. */
async function readRecord(file: string): Promise<{ key: string; sha256: string } | undefined> {
  try {
    const { key, sha256 } = JSON.parse(await readFile(file, 'utf8')) as { key: unknown; sha256: unknown };
    if (typeof key === 'string' && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) return { key, sha256 };
  } catch {
    // said above
  }
  return undefined;
}

const toldBytes = 2 ** 30;
const megabyte = 2 ** 20;

function hashAll(path: string, size: number): Promise<string> {
  const work = async (onProgress: (done: number, all: number) => void) => {
    const hash = createHash('sha256');
    let done = 0;
    for await (const piece of createReadStream(path, { highWaterMark: 4 * megabyte }) as AsyncIterable<Buffer>) {
      hash.update(piece);
      done += piece.length;
      onProgress(Math.floor(done / megabyte), Math.ceil(size / megabyte));
    }
    return hash.digest('hex');
  };
  return size < toldBytes ? work(() => {}) : withBar(`reading ${path} once, to know it again (MB)`, work);
}
