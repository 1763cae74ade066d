import { AsyncByteQueue, RecordBatchFileWriter } from 'apache-arrow';
import type { Example } from '../example.js';
import { growFile } from '../writeBeside.js';
import { encodeExamples } from './encodeExamples.js';
import { exampleSchema } from './exampleSchema.js';

export interface ExampleWriter {
  /** Add one row; it is on disk when its batch is full. */
  write(example: Example): Promise<void>;
  /** Finish the file and give it its name. */
  close(): Promise<{ rows: number }>;
  /** Give up: nothing is left, an older file of that name stays. */
  abort(): Promise<void>;
}

/**
 * Write training examples as an Arrow file, one record batch in memory at a time.
 * @param options.rowsPerBatch  fewer where rows are long; smaller batches shuffle better, larger ones read faster
 * @throws UserError when the place cannot be written or the disk is full, now or from what is returned
 */
export async function createExampleWriter(
  path: string,
  options: { rowsPerBatch?: number; metadata?: Record<string, string> } = {},
): Promise<ExampleWriter> {
  const rowsPerBatch = options.rowsPerBatch ?? 1024;
  const schema = exampleSchema(options.metadata);
  const file = await growFile(path);
  const emitted = new Emitted();
  const writer = new RecordBatchFileWriter();
  writer.reset(emitted, schema);
  let waiting: Example[] = [];
  let characters = 0;
  let rows = 0;

  async function flush(): Promise<void> {
    if (waiting.length > 0) writer.write(encodeExamples(waiting, schema));
    rows += waiting.length;
    waiting = [];
    characters = 0;
    for (const chunk of emitted.take()) await file.append(chunk);
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
        waiting.push(example);
        characters += charactersIn(example);
        if (waiting.length >= rowsPerBatch || characters >= BATCH_CHARACTERS) await flush();
      }),
    close: () =>
      orAbort(async () => {
        await flush();
        writer.close();
        await flush();
        await file.commit();
        return { rows };
      }),
    abort: file.discard,
  };
}

/** A batch ends early at this size: it bounds memory, and a text column may not pass 2^31 bytes. */
const BATCH_CHARACTERS = 2 ** 25;

/** Takes what the Arrow writer emits, so that it can be put on disk before the next batch is built. */
class Emitted extends AsyncByteQueue {
  private chunks: Uint8Array[] = [];
  override write(chunk: Uint8Array): void {
    this.chunks.push(chunk);
  }
  take(): Uint8Array[] {
    return this.chunks.splice(0);
  }
}

function charactersIn({ id, query, positives, negatives }: Example): number {
  let total = id.length + query.length;
  for (const list of [positives, negatives])
    for (const passage of list) total += passage.id.length + passage.title.length + passage.text.length;
  return total;
}
