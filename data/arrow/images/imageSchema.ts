import { Binary, Field, Int32, Schema, Utf8, type DataType } from 'apache-arrow';

/** Where the images of a file of training examples lie: beside it. */
export const imagesPath = (path: string): string => `${path.replace(/\.arrow$/, '')}.images.arrow`;

/** `copy` keeps the encoded images in the file, `link` the paths of their files and how many bytes these have. */
export type ImageKeeping = 'copy' | 'link';

/** What is known of an image without decoding it; its size is that after it is turned as EXIF says. */
export interface ImageFacts {
  sha256: string;
  format: string;
  height: number;
  width: number;
}

/**
 * Schema of a file of images: one row for each distinct one. Buffers are not compressed, since images are, and since each
 * can then be read alone.
 */
export function imageSchema(keeping: ImageKeeping): Schema {
  const field = (name: string, type: DataType) => new Field(name, type, false);
  const content =
    keeping === 'copy' ? [field('bytes', new Binary())] : [field('path', new Utf8()), field('size', new Int32())];
  return new Schema([
    field('sha256', new Utf8()),
    ...content,
    field('format', new Utf8()),
    field('height', new Int32()),
    field('width', new Int32()),
  ]);
}
