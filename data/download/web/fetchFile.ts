import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../files/makeFolder.js';
import { UserError } from '../../../configs/userError.js';
import { explainWriteFailure } from '../../files/explainWriteFailure.js';
import { syncFolder } from '../../files/writeBeside.js';
import { contentFault } from './contentFault.js';
import { openUrl, type OpenUrl, type UrlOptions } from './openUrl.js';
import { defaultPatience, retry, type Patience } from './retry.js';
import { PassingFailure } from './webErrors.js';

export interface ExpectedHash {
  algorithm: 'sha256' | 'sha1' | 'md5';
  hex: string;
  /** Hashed before the file's own bytes. */
  preamble?: string;
}

export interface FileToFetch extends Omit<UrlOptions, 'accept'> {
  url: string;
  path: string;
  /** In bytes. */
  size?: number;
  hash?: ExpectedHash;
  /** Told the bytes of the file that are on the disk, those of an earlier try among them. */
  onProgress?: (bytes: number) => void;
  onWait?: (why: string, waitMs: number) => void;
  patience?: Patience;
}

/** Where a file grows until it is complete. */
export const incompleteName = (path: string) => `${path}.incomplete`;

/** The file at which a path ends or will end, whether the name is that of the whole, of a part, or of what is kept beside that. */
export const wholeName = (name: string) => name.replace(/\.incomplete(\.etag)?$/, '');

/**
 * Fetch a file to `<path>.incomplete`, check it, and give it its name. What an earlier process left there is gone on
 * with, provided that a hash can tell whether the whole is right, or the server that the file is still the same. The
 * caller keeps other processes away.
 * @throws UserError when the server refuses, cannot be reached, or gives other bytes than expected, and when the disk
 *   is full; what has come stays, unless it is wrong
 */
export async function fetchFile(file: FileToFetch): Promise<void> {
  const { path, size, hash } = file;
  const partial = incompleteName(path);
  try {
    await makeFolder(dirname(path), partial);
    const growing = await openGrowing(partial, file);
    try {
      const resumed = growing.length > 0;
      await fetchRest(growing, file);
      if (resumed && !isRight(growing, hash)) {
        await startOver(growing, hash); // a partial file may be damaged, by a loss of power for instance
        await fetchRest(growing, file);
      }
      if (!isRight(growing, hash)) {
        await rm(partial, { force: true });
        throw wrongHash(file, growing);
      }
      if (!hash) await requireContent(growing, file, partial);
      await growing.handle.sync();
    } finally {
      await growing.handle.close();
    }
    await rename(partial, path);
    await rm(etagFile(partial), { force: true });
    await syncFolder(dirname(path));
  } catch (error) {
    throw explainWriteFailure(error, partial, size);
  }
}

interface Growing {
  handle: FileHandle;
  /** Bytes that are there. */
  length: number;
  digest: Hash | undefined;
  /** Computed once the file is complete. */
  hex?: string | undefined;
  /** Most bytes that were there at any time. */
  furthest?: number;
  /** Of the answer that the bytes come from: without a hash, the server must say that the file is still the same. */
  etag?: string | null;
}

async function openGrowing(partial: string, { size, hash, onProgress }: FileToFetch): Promise<Growing> {
  const handle = await open(partial, constants.O_RDWR | constants.O_CREAT);
  const growing: Growing = { handle, length: 0, digest: undefined };
  try {
    const { size: there } = await handle.stat();
    const etag = hash ? undefined : await readFile(etagFile(partial), 'utf8').catch(() => undefined);
    if ((!hash && !etag) || (size !== undefined && there > size)) await startOver(growing, hash);
    else if (!hash) Object.assign(growing, { etag, length: there });
    else {
      growing.digest = startDigest(hash);
      const piece = Buffer.allocUnsafe(1 << 20);
      for (let read = 1; read > 0; growing.length += read) {
        read = (await handle.read(piece, 0, piece.length, growing.length)).bytesRead;
        growing.digest.update(piece.subarray(0, read));
      }
    }
    onProgress?.(growing.length);
    return growing;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

const startDigest = ({ algorithm, preamble = '' }: ExpectedHash) => createHash(algorithm).update(preamble);

async function startOver(growing: Growing, hash: ExpectedHash | undefined): Promise<void> {
  await growing.handle.truncate(0);
  growing.length = 0;
  growing.etag = null;
  growing.digest = hash && startDigest(hash);
  delete growing.hex;
}

async function fetchRest(growing: Growing, file: FileToFetch): Promise<void> {
  const { patience = defaultPatience, signal, onWait } = file;
  await retry(() => fetchOnce(growing, file), patience, signal, onWait);
}

async function fetchOnce(growing: Growing, file: FileToFetch): Promise<void> {
  const { url, size, hash, onProgress } = file;
  if (growing.length === size) return;
  const resumes = growing.length > 0 && Boolean(hash || growing.etag);
  if (growing.length > 0 && !resumes) await startOver(growing, hash);
  const range = { range: `bytes=${growing.length}-`, ...(!hash && growing.etag && { 'if-range': growing.etag }) };
  const answer = await openUrl(url, { ...file, headers: { ...file.headers, ...(resumes && range) }, accept: [416] });
  const total = await agreeOnTotal(answer, growing, file);
  if (total === growing.length) return await answer.cancel();
  const before = Math.max(growing.length, growing.furthest ?? 0); // bytes that come again are no progress
  try {
    for await (const piece of answer.body) {
      if (size !== undefined && growing.length + piece.length > size) throw wrongSize(url, size, 'more');
      await writeAll(growing.handle, piece, growing.length);
      growing.digest?.update(piece);
      growing.length += piece.length;
      onProgress?.(growing.length);
    }
  } catch (error) {
    if (!(error instanceof PassingFailure)) throw error;
    throw new PassingFailure(error.message, error.waitMs, growing.length > before);
  }
  growing.furthest = Math.max(before, growing.length);
  if (growing.length !== (size ?? total ?? growing.length))
    throw new PassingFailure(`${new URL(url).host} ended early`, undefined, growing.length > before);
}

/** @returns bytes of the whole file, where the server says them */
async function agreeOnTotal(answer: OpenUrl, growing: Growing, file: FileToFetch): Promise<number | undefined> {
  const { status, headers } = answer;
  const span = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const inSpan = span && span[2] !== '*' ? Number(span[2]) : undefined;
  const goesOn = status === 206 && Number(span?.[1]) === growing.length;
  const length = headers.get('content-length');
  const total = status === 200 ? (length === null ? undefined : Number(length)) : inSpan;
  if (file.size !== undefined && total !== undefined && total !== file.size) {
    await answer.cancel();
    throw wrongSize(file.url, file.size, String(total));
  }
  if (status === 416 && total === growing.length) return total;
  if (status === 200 && growing.length > 0)
    await startOver(growing, file.hash); // it gives the whole file only
  else if (status === 416 || (status === 206 && !goesOn)) {
    await answer.cancel();
    await startOver(growing, file.hash);
    throw new PassingFailure(`${new URL(file.url).host} gives another part than was asked for`);
  }
  if (status === 200 && !file.hash) await requireNoPage(answer, file);
  growing.etag = headers.get('etag');
  if (!file.hash) await keepEtag(growing, incompleteName(file.path));
  return total;
}

/** For a later process, which has no hash to tell that what came before is of the same file. Weak ones tell nothing. */
async function keepEtag({ etag }: Growing, partial: string): Promise<void> {
  if (etag?.startsWith('"')) await writeFile(etagFile(partial), etag);
  else await rm(etagFile(partial), { force: true });
}

const etagFile = (partial: string) => `${partial}.etag`;

async function requireNoPage(answer: OpenUrl, { url, path }: FileToFetch): Promise<void> {
  const type = answer.headers.get('content-type') ?? '';
  if (!/^(text\/html|application\/xhtml)/i.test(type) || /\.x?html?$/i.test(path)) return;
  await answer.cancel();
  throw new UserError(`${url} answers with a web page (${type}), as for a login; ${published}`);
}

/** @throws UserError when the first bytes are not those of such a file; nothing of it stays */
async function requireContent({ handle, length }: Growing, { url, path }: FileToFetch, partial: string): Promise<void> {
  const head = Buffer.alloc(Math.min(length, 512));
  await handle.read(head, 0, head.length, 0);
  const fault = contentFault(path, head);
  if (fault === undefined) return;
  await rm(partial, { force: true });
  await rm(etagFile(partial), { force: true });
  throw new UserError(`${url} cannot be used: ${fault}; ${published}`);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

function isRight(growing: Growing, hash: ExpectedHash | undefined): boolean {
  growing.hex ??= growing.digest?.digest('hex');
  return growing.hex === hash?.hex;
}

const published = 'it is not the file that was published; try again later, or from elsewhere';

const wrongSize = (url: string, size: number, got: string) =>
  new UserError(`${url} must have ${size} bytes; the server sends ${got}; ${published}`);

const wrongHash = ({ url, hash }: FileToFetch, { hex }: Growing) =>
  new UserError(`${url} must have the ${hash!.algorithm} ${hash!.hex}; got ${hex}; ${published}`);
