import { fileURLToPath } from 'node:url';
import { RecordBatchFileWriter, RecordBatchStreamWriter } from 'apache-arrow';
import { encodeExamples } from '../../../data/arrow/encodeExamples.js';
import { exampleSchema } from '../../../data/arrow/exampleSchema.js';
import { openExamples } from '../../../data/arrow/openExamples.js';
import type { Example } from '../../../data/example/example.js';

export const schema = exampleSchema();
export const passage = (id: string) => ({ id, title: id.toUpperCase(), text: `text of ${id}` });
export const example = (id: string, negatives = ['n']): Example => ({
  id,
  query: `query ${id}`,
  positives: [passage(`p${id}`)],
  negatives: negatives.map(passage),
});
/** Bytes of an Arrow file or stream with these batches. */
export async function arrow(form: 'file' | 'stream', batches: Example[][]): Promise<Uint8Array> {
  const writer = form === 'file' ? new RecordBatchFileWriter() : new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const batch of batches) writer.write(encodeExamples(batch, schema));
  writer.close();
  return writer.toUint8Array();
}
export async function readAll(path: string): Promise<Example[][]> {
  const file = await openExamples(path);
  try {
    // Backwards: a batch must not depend on the ones before it having been read.
    const batches = file.batchRows.map((_, index) => index).reverse();
    const read = [];
    for (const batch of batches) read.unshift(await file.read(batch));
    return read;
  } finally {
    await file.close();
  }
}
export const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/arrow/${name}`, import.meta.url));
