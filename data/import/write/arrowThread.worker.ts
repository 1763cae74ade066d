import { closeSync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { batchesIn } from '../../arrow/batchesIn.js';
import { createBatchWriter } from '../../arrow/batchWriter.js';
import { encodeColumns } from '../../arrow/encodeExamples.js';
import { textColumns, type ExampleColumns } from '../../arrow/exampleColumns.js';
import { exampleSchema } from '../../arrow/exampleSchema.js';

/** What the writing thread is started with. `length`: of the file that it goes on with, 0 for a new one. */
export interface ArrowThreadSetup {
  path: string;
  length: number;
  /** Whether queries and passages may have images. */
  withImages: boolean;
}

/** Rows to append, or the call to put all on the disk, or to end the file with this metadata. */
export type ArrowThreadRequest = { columns: ExampleColumns } | 'sync' | { metadata: Record<string, string> };

/** Requests are answered in their order, each with the length of the file by then. */
export type ArrowThreadReply = { length: number } | { error: { message: string; stack?: string; code?: string } };

// The body of a worker thread; `startArrowThread` starts it.
const port = parentPort!;
const { path, length: goOnFrom, withImages } = workerData as ArrowThreadSetup;

try {
  const schema = exampleSchema({}, withImages);
  const writer = await createBatchWriter(
    schema,
    goOnFrom === 0 ? undefined : { length: goOnFrom, batches: await batchesIn(path, goOnFrom) },
  );
  const file = openSync(path, goOnFrom === 0 ? 'w' : 'r+');
  ftruncateSync(file, goOnFrom);
  let length = goOnFrom;
  const append = (chunks: Uint8Array[]) => {
    const bytes = Buffer.concat(chunks);
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, length + done);
    length += bytes.length;
  };
  port.on('message', (request: ArrowThreadRequest) => {
    try {
      if (request === 'sync') fdatasyncSync(file);
      else if ('columns' in request) append(writer.write(encodeColumns(withBuffers(request.columns), schema)));
      else {
        append(writer.finish(request.metadata));
        fdatasyncSync(file);
        closeSync(file);
      }
      reply({ length });
    } catch (error) {
      reply(failure(error));
    }
  });
  reply({ length });
} catch (error) {
  reply(failure(error));
}

/** A Buffer arrives from another thread as the Uint8Array that it is. */
function withBuffers(columns: ExampleColumns): ExampleColumns {
  for (const column of textColumns(columns))
    column.bytes = Buffer.from(column.bytes.buffer, column.bytes.byteOffset, column.bytes.byteLength);
  return columns;
}

function reply(message: ArrowThreadReply): void {
  port.postMessage(message);
}

function failure(error: unknown): ArrowThreadReply {
  const { message, stack, code } = error as NodeJS.ErrnoException;
  return { error: { message, ...(stack !== undefined && { stack }), ...(code !== undefined && { code }) } };
}
