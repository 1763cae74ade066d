import type { Example } from '../example/example.js';
import { growFile } from '../files/writeBeside.js';
import { createBatchWriter } from './batchWriter.js';
import { encodeColumns } from './encodeExamples.js';
import { addExample, createColumns, textBytes } from './exampleColumns.js';
import { exampleSchema } from './exampleSchema.js';

export interface ExampleWriter {
  /** Add one row; it is on disk when its batch is full. */
  write(example: Example): Promise<void>;
  /** Finish the file and give it its name. */
  close(): Promise<{ rows: number }>;
  /** Give up: nothing is left, an older file of that name stays. */
  abort(): Promise<void>;
}

/** Rows of a record batch: smaller batches shuffle better, larger ones read faster. */
export const ROWS_PER_BATCH = 1024;
/** A batch ends early at this size: it bounds memory, and a text column may not pass 2^31 bytes. */
export const BATCH_BYTES = 2 ** 25;

/**
 * Write training examples as an Arrow file, one record batch in memory at a time.
 * @param options.rowsPerBatch  fewer where rows are long
 * @param options.withImages    whether rows may name images, which lie in a file of their own
 * @throws UserError when the place cannot be written or the disk is full, now or from what is returned
 */
export async function createExampleWriter(
  path: string,
  options: { rowsPerBatch?: number; metadata?: Record<string, string>; withImages?: boolean } = {},
): Promise<ExampleWriter> {
  const { rowsPerBatch = ROWS_PER_BATCH, metadata, withImages } = options;
  const schema = exampleSchema(metadata, withImages);
  const writer = await createBatchWriter(schema);
  const file = await growFile(path);
  let columns = createColumns(rowsPerBatch, withImages);
  let rows = 0;

  async function flush(): Promise<void> {
    if (columns.rows === 0) return;
    rows += columns.rows;
    const chunks = writer.write(encodeColumns(columns, schema));
    columns = createColumns(rowsPerBatch, withImages);
    await file.append(Buffer.concat(chunks));
  }
  /** Work that fails, such as on a full disk, leaves nothing behind. */
  async function orAbort<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  return {
    write: (example) =>
      orAbort(async () => {
        addExample(columns, example);
        if (columns.rows >= rowsPerBatch || textBytes(columns) >= BATCH_BYTES) await flush();
      }),
    close: () =>
      orAbort(async () => {
        await flush();
        await file.append(Buffer.concat(writer.finish({})));
        await file.commit();
        return { rows };
      }),
    abort: file.discard,
  };
}
