import { openImages } from '../arrow/images/imageFile.js';
import { thumbnailOf, type Thumbnail } from '../image/thumbnail.js';
import type { SheetImage } from './imageFacts.js';

/** An image of a contact sheet with its small picture, unless it cannot be read. */
export interface PicturedImage extends SheetImage {
  picture: Thumbnail | undefined;
}

/** Make the small pictures of images of a file of examples, one after the other. */
export async function contactSheet(examples: string, sheet: readonly SheetImage[]): Promise<PicturedImage[]> {
  if (sheet.length === 0) return [];
  const file = await openImages(examples);
  try {
    const pictured: PicturedImage[] = [];
    for (const image of sheet) pictured.push({ ...image, picture: await thumbnailOf(await file.read(image.sha256)) });
    return pictured;
  } finally {
    await file.close();
  }
}
