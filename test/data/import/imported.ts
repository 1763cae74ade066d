import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { UserError } from '../../../configs/userError.js';
import { openExamples } from '../../../data/arrow/openExamples.js';
import { scanArrow } from '../../../data/arrow/message/scanArrow.js';
import type { Example } from '../../../data/example/example.js';
import { importExamples, type ImportOptions } from '../../../data/import/importExamples.js';

/** A line of a file in Tevatron's form. */
export const row = (id: string, negatives: string[] = []) => {
  const passage = (docid: string) => ({ docid, title: '', text: `text ${docid}` });
  return JSON.stringify({
    query_id: id,
    query: `query ${id}`,
    positive_passages: [passage(`p${id}`)],
    negative_passages: negatives.map(passage),
  });
};
export async function examplesIn(path: string): Promise<Example[]> {
  const file = await openExamples(path);
  const examples: Example[] = [];
  for (let batch = 0; batch < file.batchRows.length; batch++) examples.push(...(await file.read(batch)));
  await file.close();
  return examples;
}
export async function metadataOf(path: string): Promise<Map<string, string>> {
  const file = await open(path);
  const { schema } = await scanArrow(file, path);
  await file.close();
  return schema.metadata;
}
export const idsIn = async (path: string) => (await examplesIn(path)).map(({ id }) => id);

/** Checks that an import into this output is refused, in one line that the message matches. */
export const importRefused =
  (output: () => string) =>
  (files: string[], message: RegExp, options: ImportOptions = {}): Promise<void> =>
    assert.rejects(importExamples(files, output(), options), (error: Error) => {
      assert.ok(error instanceof UserError, `${error.stack}`);
      assert.match(error.message, message);
      assert.ok(!error.message.includes('\n'), error.message);
      return true;
    });
