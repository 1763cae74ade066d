import { open } from 'node:fs/promises';
import { UserError } from '../../configs/userError.js';
import { explainReadFailure } from '../files/read/explainReadFailure.js';

/** An encoded image of more bytes is some other file. */
const mostBytes = 2 ** 28;

/**
 * Read an image's file and use it.
 * @param use  throws a `UserError` without the image's name, which is put before it here
 * @throws UserError naming the file when it is not there, cannot be read, or is refused
 */
export async function readEncoded<Result>(
  file: string,
  use: (encoded: Uint8Array) => Promise<Result>,
): Promise<Result> {
  const encoded = await readWhole(file);
  try {
    return await use(encoded);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${file} ${error.message}`) : error;
  }
}

async function readWhole(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file, 'r');
    try {
      const facts = await handle.stat();
      if (facts.size > mostBytes)
        throw new UserError(`${file} has ${facts.size} bytes; an image may have ${mostBytes}; make it smaller`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw explainReadFailure(error, file);
  }
}
