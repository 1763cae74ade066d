import { openExamples } from '../../../data/arrow/openExamples.js';

/** Rows of a file of training examples. */
export async function rowsIn(path: string): Promise<number> {
  const file = await openExamples(path);
  await file.close();
  return file.rows;
}
