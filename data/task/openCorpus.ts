import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash } from '../files/contentHash.js';
import { replaceFolder } from '../files/writeFolder.js';
import { scanCorpus, scannedCorpus, shardRows, type Corpus, type CorpusScan } from './corpus.js';
import type { DocumentUse } from './documents.js';
import { createIdTable } from './idTable.js';
import { homePath } from '../../configs/cli/homePath.js';

/** Where readings of large corpora are kept: by the content of the files. */
const scansRoot = homePath('data/cache/corpora');

/** Below this a reading costs less than a second. */
const usualLargeBytes = 32e6;

/**
 * Open a corpus. What one reading of large files found out is kept, so that the next start need not read them.
 * @param largeBytes  other than the usual number in tests alone
 * @throws UserError when a file is missing, damaged, empty or repeats an id
 */
export async function openCorpus(
  files: readonly string[],
  use: DocumentUse,
  root = scansRoot,
  largeBytes = usualLargeBytes,
): Promise<Corpus> {
  const found = await Promise.all(files.map((file) => stat(file)));
  if (found.reduce((sum, { size }) => sum + size, 0) < largeBytes)
    return scannedCorpus(files, use, await scanCorpus(files, use, shardRows));
  const hashes = await Promise.all(files.map((file) => contentHash(file)));
  const key = createHash('sha256')
    .update(JSON.stringify([hashes, use.titles, use.images ?? 'use', shardRows, 'with images']))
    .digest('hex')
    .slice(0, 32);
  const folder = join(root, key);
  let scan = await readScan(folder);
  if (!scan) {
    scan = await scanCorpus(files, use, shardRows);
    // Images may be files of their own, which nothing here tells of.
    if (scan.pictured === 0) await writeScan(folder, scan);
  }
  return scannedCorpus(files, use, scan);
}

async function readScan(folder: string): Promise<CorpusScan | undefined> {
  try {
    const { shards, begins, ...counts } = JSON.parse(await readFile(join(folder, 'scan.json'), 'utf8')) as ScanFile;
    const bytes = await readFile(join(folder, 'ids'));
    const places = await readFile(join(folder, 'begins'));
    if (places.length !== 4 * begins) return undefined;
    const table = new Uint32Array(places.buffer.slice(places.byteOffset, places.byteOffset + places.length));
    return bytes.length === table.at(-1)
      ? { ids: createIdTable({ bytes, begins: table }), shards, ...counts }
      : undefined;
  } catch {
    return undefined; // not there, or damaged: the corpus is read again
  }
}

interface ScanFile extends Omit<CorpusScan, 'ids'> {
  /** Length of `begins`. */
  begins: number;
}

async function writeScan(folder: string, { ids, ...scan }: CorpusScan): Promise<void> {
  const { bytes, begins } = ids.packed();
  await replaceFolder(folder, /^(ids|begins|scan\.json)$/, async (partial) => {
    await writeFile(join(partial, 'ids'), bytes);
    await writeFile(join(partial, 'begins'), begins);
    await writeFile(join(partial, 'scan.json'), JSON.stringify({ ...scan, begins: begins.length } satisfies ScanFile));
  });
}
