import { openParquet } from '../../arrow/parquet.js';
import { beginningOf } from '../source/beginningOf.js';
import type { Recognised } from '../source/recogniseFormat.js';

/**
 * Whether an import of a source would find images in it.
 * @param file  of the source, the one that is read
 * @throws UserError when it cannot be read
 */
export const sourceShowsImages = async (format: Recognised['format'], file: string): Promise<boolean> =>
  format === 'image-triplets' || (format !== 'triples' && (await showsImages(file))); // triples are texts, whatever they quote

/**
 * Whether a file of rows or of a collection has images, as far as its first lines show, or its columns.
 * @throws UserError when it cannot be read
 */
export async function showsImages(path: string): Promise<boolean> {
  const start = await beginningOf(path);
  if (start.toString('latin1', 0, 4) !== 'PAR1') return imageField.test(start.toString());
  return (await openParquet(path)).leaves.some((leaf) => imageColumn.test(leaf));
}

const names = '(?:query_|positive_|negative_)?images?|(?:qry|pos|neg)_image(?:_path)?';
/** A field of JSON that holds something. */
const imageField = new RegExp(`"(?:${names})"\\s*:(?!\\s*(?:null|""|\\[\\s*(?:\\[\\s*)?\\]|\\{\\s*\\}))`);
const imageColumn = new RegExp(`(?:^|\\.)(?:${names})(?:\\.|$)|\\.bytes$`);
