import { UserError } from '../../configs/userError.js';
import { contentHash } from './contentHash.js';

/**
 * What tells a file from any other, whatever its name: a hash of every byte.
 * @returns SHA-256, hexadecimal
 * @throws UserError when the file cannot be read
 */
export async function fileIdentity(path: string): Promise<string> {
  try {
    return await contentHash(path);
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${(error as Error).message}`);
  }
}
