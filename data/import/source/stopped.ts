import { UserError } from '../../../configs/userError.js';
import { explainWriteFailure } from '../../files/explainWriteFailure.js';

/** An error after which the same import can go on: what it did so far is not thrown away. */
export class Stopped extends UserError {}

/** The error for a source that is not what it was when its import began. @param folder  what the import left */
export function changedSource(path: string, folder: string): Stopped {
  return new Stopped(`${path} changed since its import began; remove ${folder} to import it anew`);
}

/** Do what writes, and say what hinders it. @param path  what is written, for the message */
export async function orStop<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const explained = explainWriteFailure(error, path);
    throw explained instanceof UserError ? new Stopped(explained.message) : explained;
  }
}
