import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolder } from '../files/makeFolder.js';
import { UserError } from '../../configs/userError.js';
import type { ExampleFile } from '../arrow/openExamples.js';
import type { Example } from '../example/example.js';
import { tryLock, type Lock } from '../../setup/lock/lock.mjs';
import { explainWriteFailure } from '../files/explainWriteFailure.js';
import type { TokenizerThreads } from '../tokenizer/threads.js';
import { syncFolder, writeBeside } from '../files/writeBeside.js';
import { requireOwnFolder } from '../files/ownFolder.js';
import { cacheFiles, tokenCacheFiles, type TokenCacheFacts, type TokenCachePlace } from './tokenCachePlace.js';
import { packRecord } from './tokenRecord.js';

/** How far a cache has come: all of it is on the disk. */
interface Progress {
  batches: number;
  rows: number;
  texts: number;
  tokens: number;
  bytes: number;
}

/** Rows between two saved places: some seconds of work. */
const rowsBetweenSaves = 16_384;
/** Record batches that are tokenized at one time, so that no thread waits for the disk. */
const batchesAhead = 2;

/**
 * Tokenize every text of a training file and keep the ids, in the order of the rows. Written beside and renamed. What a
 * stopped call did is kept, and the next call goes on from there.
 * @param identity   of the file, as `fileIdentity` gives it
 * @param onRows     told how many rows are done
 * @param signal     stops the work
 * @returns          null when it was stopped
 * @throws UserError when another process makes the same cache, or it cannot be written
 */
export async function buildTokenCache(
  file: ExampleFile,
  identity: string,
  { folder, key }: TokenCachePlace,
  threads: Pick<TokenizerThreads, 'tokenize'>,
  onRows: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<TokenCacheFacts | null> {
  const partial = `${folder}.building`;
  const at = (name: string) => join(partial, name);
  try {
    await makeFolder(partial);
    const lock = takeLock(at('lock'), file.path);
    try {
      const progress = await readProgress(at('progress.json'));
      const isDone = await writeRows(file, partial, progress, threads, onRows, signal);
      if (!isDone) return null;
      const { rows, texts, tokens, bytes } = progress;
      const facts: TokenCacheFacts = { file: resolve(file.path), identity, key, rows, texts, tokens, bytes };
      await writeBeside(at(cacheFiles.about), `${JSON.stringify(facts, null, 2)}\n`);
      await rm(at('progress.json'), { force: true });
      await requireOwnFolder(folder, tokenCacheFiles);
      await rm(folder, { recursive: true, force: true });
      await rename(partial, folder);
      await rm(join(folder, 'lock'), { force: true }); // held until the name was taken
      await syncFolder(resolve(folder, '..'));
      return facts;
    } finally {
      lock.release();
    }
  } catch (error) {
    throw explainWriteFailure(explainWriteFailure(error, folder), partial);
  }
}

/** @param progress  changed in place; @returns whether all rows are written */
async function writeRows(
  file: ExampleFile,
  partial: string,
  progress: Progress,
  threads: Pick<TokenizerThreads, 'tokenize'>,
  onRows: (done: number) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const rows = await openAt(join(partial, cacheFiles.rows), 8 * progress.rows);
  const tokens = await openAt(join(partial, cacheFiles.tokens), progress.bytes);
  const save = async () => {
    await tokens.sync();
    await rows.sync();
    await writeBeside(join(partial, 'progress.json'), JSON.stringify(progress));
  };
  let savedRows = progress.rows;
  try {
    for await (const records of recordsAhead(file, progress.batches, threads)) {
      await appendRecords(records, rows, tokens, progress);
      onRows(progress.rows);
      if (progress.rows - savedRows >= rowsBetweenSaves || signal?.aborted) {
        await save();
        savedRows = progress.rows;
      }
      if (signal?.aborted) return false;
    }
    await rows.appendFile(offsets([progress.bytes]));
    await tokens.sync();
    await rows.sync();
    return true;
  } finally {
    await rows.close();
    await tokens.close();
  }
}

/** The records of each batch, from `first` on, some batches ahead. */
async function* recordsAhead(file: ExampleFile, first: number, threads: Pick<TokenizerThreads, 'tokenize'>) {
  const coming: Promise<Int32Array[]>[] = [];
  const begin = (batch: number) => {
    const records = file.read(batch).then((examples) => tokenizeRows(examples, threads));
    records.catch(() => {}); // thrown where it is awaited, in its turn
    coming.push(records);
  };
  let next = first;
  try {
    for (;;) {
      while (next < file.batchRows.length && coming.length <= batchesAhead) begin(next++);
      if (coming.length === 0) return;
      yield await coming.shift()!;
    }
  } finally {
    await Promise.allSettled(coming);
  }
}

async function tokenizeRows(examples: Example[], threads: Pick<TokenizerThreads, 'tokenize'>): Promise<Int32Array[]> {
  const passages = examples.flatMap(({ positives, negatives }) => [...positives, ...negatives]);
  const queries = examples.map(({ query, queryImages }) => ({
    text: query,
    ...(queryImages && { images: queryImages }),
  }));
  const [queryTokens, passageTokens] = await Promise.all([
    threads.tokenize('query', queries),
    threads.tokenize('passage', passages),
  ]);
  let end = 0;
  return examples.map(({ positives, negatives }, row) =>
    packRecord([queryTokens[row]!, ...passageTokens.slice(end, (end += positives.length + negatives.length))]),
  );
}

async function appendRecords(records: Int32Array[], rows: FileHandle, tokens: FileHandle, progress: Progress) {
  const begins: number[] = [];
  let bytes = progress.bytes;
  for (const record of records) {
    begins.push(bytes);
    bytes += record.byteLength;
    progress.texts += record[1]!;
    progress.tokens += record.length - 2 - record[1]!;
  }
  await tokens.appendFile(Buffer.concat(records.map((record) => new Uint8Array(record.buffer))));
  await rows.appendFile(offsets(begins));
  progress.bytes = bytes;
  progress.rows += records.length;
  progress.batches++;
}

function offsets(begins: number[]): Buffer {
  const bytes = Buffer.alloc(8 * begins.length);
  begins.forEach((begin, index) => bytes.writeDoubleLE(begin, 8 * index));
  return bytes;
}

/** Open a file to go on behind its first `length` bytes. */
async function openAt(path: string, length: number): Promise<FileHandle> {
  const file = await open(path, 'a+');
  const { size } = await file.stat();
  if (size < length) {
    await file.close();
    throw new UserError(`${path} is cut short; remove its folder and tokenize again`);
  }
  await file.truncate(length);
  return file;
}

function takeLock(path: string, of: string): Lock {
  const { lock, holder } = tryLock(path);
  if (lock) return lock;
  throw new UserError(
    `${of} is being tokenized by ${holder}; wait for it, or end it; remove ${path} if that process is gone`,
  );
}

async function readProgress(path: string): Promise<Progress> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Progress;
  } catch {
    return { batches: 0, rows: 0, texts: 0, tokens: 0, bytes: 0 }; // not there, or cut short: from the beginning
  }
}
