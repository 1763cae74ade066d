import { mayHaveImages } from '../../data/task/imagesIn.js';
import { readRows } from '../../data/task/readRows.js';
import { findTaskFiles } from '../../data/task/taskFiles.js';
import type { Task } from './taskFile.js';

/** Rows of each table that are looked at: large tables are of one kind. */
const rowsLookedAt = 1000;

/** Whether documents or queries of a task have images, by their first rows. @throws UserError when its tables cannot be read */
export async function showsImages({ folder, split, images, judgements }: Task): Promise<boolean> {
  if (images === 'ignore' || judgements) return false;
  const { corpus, queries } = findTaskFiles(folder, split);
  return (await anyImage(corpus)) || (await anyImage(queries));
}

async function anyImage(files: readonly string[]): Promise<boolean> {
  let rows = 0;
  for await (const { columns } of readRows(files, ['id', 'text'])) {
    if (mayHaveImages(columns())) return true;
    if (++rows === rowsLookedAt) return false;
  }
  return false;
}
