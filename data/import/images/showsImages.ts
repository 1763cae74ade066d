import { openParquet } from '../../arrow/parquet.js';
import { beginningOf } from '../source/beginningOf.js';

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
