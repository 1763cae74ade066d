import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { UserError } from '../../../configs/userError.js';
import { explainReadFailure } from '../../files/read/explainReadFailure.js';
import { zstdFrame } from '../../arrow/message/zstd.js';
import { changedSource } from './stopped.js';

/** A file of text, plain or compressed, read once from its beginning to its end. */
export interface Source {
  compression: Compression | null;
  /** What it holds, uncompressed, in pieces that are the receiver's. @throws UserError when it is damaged */
  pieces: AsyncGenerator<Buffer>;
  /** Bytes read so far, as they lie on the disk, and the SHA-256 of these. */
  read(): { bytes: number; sha256: string };
  close(): Promise<void>;
}

/** The beginning of a source as an earlier process read it, and the folder in which that is kept. */
export interface KnownBeginning {
  bytes: number;
  sha256: string;
  folder: string;
}

type Compression = 'gzip' | 'zstd';

/**
 * Open a file that may be compressed; its content tells, whatever its name.
 * @throws UserError when it cannot be read, or its beginning is another than is known; the latter while it is read
 */
export async function openSource(path: string, beginning?: KnownBeginning): Promise<Source> {
  const file = await openFile(path);
  const start = await readPiece(file, path, 0, 18);
  const compression = compressionOf(start);
  const hash = createHash('sha256');
  let bytes = 0;
  const onBytes = (piece: Buffer) => {
    if (beginning && bytes < beginning.bytes && bytes + piece.length >= beginning.bytes) {
      const before = hash.copy().update(piece.subarray(0, beginning.bytes - bytes));
      if (before.digest('hex') !== beginning.sha256) throw changedSource(path, beginning.folder);
    }
    hash.update(piece);
    bytes += piece.length;
  };
  if (compression === 'zstd' && zstdFrame(start).windowBytes > LARGEST_WINDOW_BYTES) {
    await file.close();
    throw new UserError(
      `${path} takes a window of more than ${LARGEST_WINDOW_BYTES / 2 ** 20} MB to decompress; compress it again without --long`,
    );
  }
  const raw = rawPieces(file, path, onBytes);
  const pieces = compression === null ? raw : compression === 'gzip' ? gunzip(raw, path) : unzstd(raw, path);
  return {
    compression,
    pieces,
    read: () => ({ bytes, sha256: hash.copy().digest('hex') }),
    close: async () => {
      await pieces.return(undefined);
      await file.close();
    },
  };
}

/** What compressed a file that begins with these bytes. */
function compressionOf(start: Uint8Array): Compression | null {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  return start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd ? 'zstd' : null;
}

const PIECE_BYTES = 2 ** 20;
/** As zstd's own tool has it unless told otherwise: a damaged header may ask for any amount of memory. */
const LARGEST_WINDOW_BYTES = 2 ** 27;

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path);
    if (!(await file.stat()).isDirectory()) return file;
    await file.close();
  } catch (error) {
    throw explainReadFailure(error, path);
  }
  throw new UserError(`cannot read ${path}: it is a folder`);
}

async function readPiece(file: FileHandle, path: string, position: number, length: number): Promise<Buffer> {
  try {
    const buffer = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await file.read(buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw explainReadFailure(error, path);
  }
}

/** The next piece is read while the last one is used. */
async function* rawPieces(file: FileHandle, path: string, onBytes: (piece: Buffer) => void): AsyncGenerator<Buffer> {
  let position = 0;
  const next = () => {
    const piece = readPiece(file, path, position, PIECE_BYTES);
    piece.catch(() => {}); // reported when its turn comes, should it come
    return piece;
  };
  let coming = next();
  try {
    for (;;) {
      const piece = await coming;
      if (piece.length === 0) return;
      position += piece.length;
      coming = next();
      onBytes(piece);
      yield piece;
    }
  } finally {
    await coming.catch(() => {}); // the file may be closed once this generator has ended
  }
}

async function* gunzip(raw: AsyncGenerator<Buffer>, path: string): AsyncGenerator<Buffer> {
  let given = 0;
  let failure: Error | undefined;
  const counted = async function* () {
    try {
      for await (const piece of raw) {
        given += piece.length;
        yield piece;
      }
    } catch (error) {
      failure = error as Error;
      throw error;
    }
  };
  const unzip = createGunzip({ chunkSize: PIECE_BYTES / 4 });
  // The callback has nothing to do: an error destroys what is returned, and is thrown where that is read.
  const pieces = pipeline(Readable.from(counted(), { objectMode: false }), unzip, () => {});
  try {
    yield* pieces as AsyncIterable<Buffer>;
  } catch (error) {
    if (failure !== undefined) throw failure;
    throw damaged(path, error as Error);
  }
  // zlib stops at the first bytes that are no gzip: what follows them would be lost without a word.
  if (unzip.bytesWritten < given) throw damaged(path, new Error(`bytes after ${unzip.bytesWritten} are no gzip data`));
}

async function* unzstd(raw: AsyncGenerator<Buffer>, path: string): AsyncGenerator<Buffer> {
  const waiting: Buffer[] = [];
  const decoder = new Decompress((piece) => waiting.push(Buffer.from(piece)));
  const take = (piece: Buffer, isLast: boolean) => {
    try {
      decoder.push(piece, isLast);
    } catch (error) {
      throw damaged(path, error as Error);
    }
    return waiting.splice(0);
  };
  for await (const piece of raw) yield* take(piece, false);
  yield* take(Buffer.alloc(0), true);
}

const damaged = (path: string, { message }: Error) => new UserError(`${path} is damaged or cut short: ${message}`);
