import { constants } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { UserError } from '../../../configs/userError.js';
import { partialName, stageFile, type StagedFile } from '../../files/writeBeside.js';
import { openImages } from './imageFile.js';
import { imagesPath } from './imageSchema.js';

/**
 * Copy the images of a file of examples for another one, which has them once they are committed.
 * @throws UserError when the place cannot be written, or the disk is full
 */
export const carryImages = (from: string, to: string): Promise<StagedFile> =>
  stageFile(imagesPath(to), () => copyFile(imagesPath(from), partialName(imagesPath(to)), constants.COPYFILE_FICLONE));

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
