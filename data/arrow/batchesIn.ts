import { open } from 'node:fs/promises';
import { createRangeReader } from '../files/read/readRange.js';
import type { BatchPlace } from './batchWriter.js';
import { messagesOf } from './message/scanArrow.js';

/** The record batches in the first `length` bytes of an Arrow file that is not complete, by the headers of its messages. */
export async function batchesIn(path: string, length: number): Promise<BatchPlace[]> {
  const file = await open(path);
  try {
    const places: BatchPlace[] = [];
    for await (const { message, ...place } of messagesOf(createRangeReader(file), 8, length, path))
      if (message.isRecordBatch()) {
        const { bodyLength } = message;
        places.push({ offset: place.offset, headerLength: place.length - bodyLength, bodyLength });
      }
    return places;
  } finally {
    await file.close();
  }
}
