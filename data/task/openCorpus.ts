import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash } from '../files/contentHash.js';
import { replaceFolder } from '../files/writeFolder.js';
import { scanCorpus, scannedCorpus, shardRows, type Corpus, type CorpusScan, type TitleUse } from './corpus.js';
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
  titles: TitleUse,
  root = scansRoot,
  largeBytes = usualLargeBytes,
): Promise<Corpus> {
  const found = await Promise.all(files.map((file) => stat(file)));
  if (found.reduce((sum, { size }) => sum + size, 0) < largeBytes)
    return scannedCorpus(files, titles, await scanCorpus(files, titles, shardRows));
  const hashes = await Promise.all(files.map((file) => contentHash(file)));
  const key = createHash('sha256')
    .update(JSON.stringify([hashes, titles, shardRows, 'with blanks']))
    .digest('hex')
    .slice(0, 32);
  const folder = join(root, key);
  let scan = await readScan(folder);
  if (!scan) {
    scan = await scanCorpus(files, titles, shardRows);
    await writeScan(folder, scan);
  }
  return scannedCorpus(files, titles, scan);
}

async function readScan(folder: string): Promise<CorpusScan | undefined> {
  try {
    const { shards, begins, blank } = JSON.parse(await readFile(join(folder, 'scan.json'), 'utf8')) as ScanFile;
    const bytes = await readFile(join(folder, 'ids'));
    const places = await readFile(join(folder, 'begins'));
    if (places.length !== 4 * begins) return undefined;
    const table = new Uint32Array(places.buffer.slice(places.byteOffset, places.byteOffset + places.length));
    return bytes.length === table.at(-1) ? { ids: createIdTable({ bytes, begins: table }), shards, blank } : undefined;
  } catch {
    return undefined; // not there, or damaged: the corpus is read again
  }
}

interface ScanFile {
  shards: CorpusScan['shards'];
  /** Length of `begins`. */
  begins: number;
  blank: number;
}

async function writeScan(folder: string, { ids, shards, blank }: CorpusScan): Promise<void> {
  const { bytes, begins } = ids.packed();
  await replaceFolder(folder, /^(ids|begins|scan\.json)$/, async (partial) => {
    await writeFile(join(partial, 'ids'), bytes);
    await writeFile(join(partial, 'begins'), begins);
    await writeFile(
      join(partial, 'scan.json'),
      JSON.stringify({ shards, begins: begins.length, blank } satisfies ScanFile),
    );
  });
}
