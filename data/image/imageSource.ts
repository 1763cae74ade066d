import { createHash } from 'node:crypto';
import { UserError } from '../../configs/userError.js';
import { readEncoded } from './readEncoded.js';

/** An encoded image, known by its content. */
export interface ImageSource {
  /** SHA-256, hexadecimal, of its bytes. */
  sha256: string;
  /** For messages: its file, or the row that it lies in. */
  name: string;
  /** Where it has a file of its own. */
  file?: string;
  /** Its bytes. @throws UserError when they are not to be had, or are others than those of `sha256` */
  read(): Promise<Uint8Array>;
}

/**
 * The image in a file, which is read when it is needed.
 * @param check  refuses an encoded image, without its name
 * @throws UserError naming the file when it cannot be read, or is refused
 */
export async function imageInFile(
  file: string,
  check: (encoded: Uint8Array) => Promise<unknown> = async () => {},
): Promise<ImageSource> {
  const sha256 = await readEncoded(file, async (encoded) => {
    await check(encoded);
    return hashOf(encoded);
  });
  const read = () =>
    readEncoded(file, async (encoded) => {
      if (hashOf(encoded) !== sha256) throw new UserError('changed after it was first read; run again');
      return encoded;
    });
  return { sha256, name: file, file, read };
}

/** An image that is in memory. It holds its own bytes alone. */
export function imageInMemory(bytes: Uint8Array, name: string): ImageSource {
  const own = alone(bytes);
  return { sha256: hashOf(own), name, read: async () => own };
}

/** Bytes with a buffer of their own: those out of a table lie within a page of the table, all of which they would keep. */
export const alone = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
