import { closeSync, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { UserError } from '../../configs/userError.js';
import { explainReadFailure } from '../../data/files/read/explainReadFailure.js';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './numberFormats.js';
import {
  bytesOf,
  cutShort,
  decodeHeader,
  dtypeBytes,
  encodeHeader,
  headerLength,
  type TensorDtype,
  type TensorEntry,
} from './safetensorsHeader.js';
import { danglingLink } from './danglingLink.js';
import { stageFile, type StagedFile } from '../../data/files/writeBeside.js';

export interface TensorToWrite {
  name: string;
  dtype: TensorDtype;
  shape: number[];
  /** A function gives the bytes piece by piece when its turn comes, so that no whole tensor need be in memory. */
  bytes: Uint8Array | (() => AsyncIterable<Uint8Array>);
}

/** One read or write call moves at most this much: the system's limit is 2 GiB. */
const pieceBytes = 256 * 1024 * 1024;

/**
 * Read which tensors a safetensors file holds, without reading them.
 * Source: huggingface/safetensors, README "Format".
 * @throws UserError when the file is missing, cut short, longer than it says, or not such a file
 */
export async function readSafetensorsIndex(
  file: string,
): Promise<{ tensors: Map<string, TensorEntry>; metadata: Record<string, string> }> {
  return await withFile(file, async (handle) => {
    const { size } = await handle.stat();
    const start = new Uint8Array(Math.min(8, size));
    await readInto(handle, file, start, 0);
    const json = new Uint8Array(headerLength(file, start, size));
    await readInto(handle, file, json, 8);
    return decodeHeader(file, json, size);
  });
}

/** Read the bytes of one tensor into memory of their own. */
export async function readTensorBytes(entry: TensorEntry): Promise<Uint8Array> {
  return await withFile(entry.file, async (handle) => {
    const bytes = new Uint8Array(entry.end - entry.begin);
    await readInto(handle, entry.file, bytes, entry.begin);
    return bytes;
  });
}

/**
 * Read some rows of a matrix: an embedding table need never be in memory. The calls do not yield: thousands of small
 * reads that the system has cached take a tenth of the time that way.
 * @param rows  row numbers in any order; one that occurs twice is read twice
 * @returns     bytes of the rows one after another, [rows.length, columns]
 */
export function readTensorRows(entry: TensorEntry, rows: ArrayLike<number>): Uint8Array {
  const [height = 0, width = 0] = entry.shape;
  if (entry.shape.length !== 2) throw new Error(`rows of a tensor of shape [${entry.shape}] in ${entry.file}`);
  const rowBytes = width * dtypeBytes[entry.dtype];
  const bytes = new Uint8Array(rows.length * rowBytes);
  const file = openSync(entry.file, 'r');
  try {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (!(row >= 0 && row < height)) throw new Error(`row ${row} of a matrix with ${height} rows in ${entry.file}`);
      const position = entry.begin + row * rowBytes;
      if (readSync(file, bytes, i * rowBytes, rowBytes, position) !== rowBytes)
        throw cutShort(entry.file, position, position + rowBytes);
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}

/**
 * Numbers of a floating-point tensor as float32. F32 bytes are viewed, not copied, where their alignment allows it.
 * @throws UserError for a kind that is not F32, F16 or BF16
 */
export function toFloat32(bytes: Uint8Array, dtype: TensorDtype): Float32Array {
  requireFloat(dtype);
  if (dtype === 'F32') return new Float32Array(...aligned(bytes, 4));
  if (dtype === 'BF16') return bfloat16ToFloat32(new Uint16Array(...aligned(bytes, 2)));
  return float16ToFloat32(new Uint16Array(...aligned(bytes, 2)));
}

/** @throws UserError for a kind of weights that is not F32, F16 or BF16 */
export function requireFloat(dtype: TensorDtype): asserts dtype is 'F32' | 'F16' | 'BF16' {
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16')
    throw new UserError(`weights of kind ${dtype} cannot be used; convert them to BF16, F16 or F32`);
}

/** Bytes of float32 numbers in another kind, rounded to the nearest, halves to even. F32 is viewed, not copied. */
export function fromFloat32(values: Float32Array, dtype: TensorDtype): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (dtype === 'BF16') return new Uint8Array(float32ToBfloat16(values).buffer);
  if (dtype === 'F16') return new Uint8Array(float32ToFloat16(values).buffer);
  throw new Error(`float32 cannot be written as ${dtype}`);
}

/**
 * Write a safetensors file beside its place and rename it when it is on the disk; tensors keep the order given.
 * @param metadata  strings only, as the format says
 * @throws UserError when the disk is full
 */
export async function writeSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  metadata?: Record<string, string>,
): Promise<void> {
  await (await stageSafetensors(file, tensors, metadata)).commit();
}

/** As `writeSafetensors`, but the file takes its name only at `commit`. */
export async function stageSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  metadata: Record<string, string> = { format: 'pt' },
): Promise<StagedFile> {
  const header = encodeHeader(tensors, metadata);
  const total = header.length + tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  const write = async (handle: FileHandle) => {
    await writeAll(handle, header);
    for (const tensor of tensors) {
      let written = 0;
      for await (const piece of typeof tensor.bytes === 'function' ? tensor.bytes() : [tensor.bytes]) {
        await writeAll(handle, piece);
        written += piece.length;
      }
      if (written !== bytesOf(tensor))
        throw new Error(
          `${tensor.name} has ${written} bytes; ${tensor.dtype} [${tensor.shape}] needs ${bytesOf(tensor)}`,
        );
    }
  };
  return await stageFile(file, write, total);
}

async function withFile<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT'
      ? new UserError(danglingLink(file) ?? `${file} does not exist`)
      : explainReadFailure(error, file);
  });
  try {
    return await use(handle);
  } catch (error) {
    throw explainReadFailure(error, file);
  } finally {
    await handle.close();
  }
}

async function readInto(handle: FileHandle, file: string, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(pieceBytes, bytes.length - done);
    const { bytesRead } = await handle.read(bytes, done, length, position + done);
    if (bytesRead === 0) throw cutShort(file, position + done, position + bytes.length);
    done += bytesRead;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, Math.min(pieceBytes, bytes.length - done))).bytesWritten;
}

function aligned(bytes: Uint8Array, size: number): [buffer: ArrayBuffer, byteOffset: number, length: number] {
  const own = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return [own.buffer as ArrayBuffer, own.byteOffset, own.length / size];
}
