import { constants } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { UserError } from '../../../configs/userError.js';
import { explainWriteFailure } from '../../files/explainWriteFailure.js';
import { partialName } from '../../files/writeBeside.js';
import { openImages } from './imageFile.js';
import { imagesPath } from './imageSchema.js';

/** Give a file of examples the images of another one. @throws UserError when the place cannot be written, or the disk is full */
export async function carryImages(from: string, to: string): Promise<void> {
  const partial = partialName(imagesPath(to));
  try {
    await copyFile(imagesPath(from), partial, constants.COPYFILE_FICLONE);
    await rename(partial, imagesPath(to));
  } catch (error) {
    await rm(partial, { force: true });
    throw explainWriteFailure(error, imagesPath(to));
  }
}

/** Remove the images that an earlier file of this name had; what is no file of images is left alone. */
export async function removeImages(examples: string): Promise<void> {
  try {
    await (await openImages(examples)).close();
  } catch (error) {
    if (error instanceof UserError) return;
    throw error;
  }
  await rm(imagesPath(examples), { force: true });
}
