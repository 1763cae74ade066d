import type { FileHandle } from 'node:fs/promises';

/** Bytes [offset, offset + length) of a file. The result may be overwritten by no later call. */
export type RangeReader = (offset: number, length: number) => Promise<Buffer>;

/** Read exactly `length` bytes. @throws when the file ends before, as when it is cut while it is read */
export async function readRange(file: FileHandle, offset: number, length: number, into?: Uint8Array): Promise<Buffer> {
  const bytes = into ? Buffer.from(into.buffer, into.byteOffset, into.byteLength) : Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new Error(`the file ended at byte ${offset + done}, ${offset + length} were expected`);
    done += bytesRead;
  }
  return bytes;
}

/** A reader of short ranges that fetches ahead, so that a file of many small messages costs few reads. */
export function createRangeReader(file: FileHandle): RangeReader {
  let held = Buffer.alloc(0);
  let heldFrom = 0;
  return async (offset, length) => {
    const isHeld = offset >= heldFrom && offset + length <= heldFrom + held.length;
    if (!isHeld) {
      const ahead = Buffer.allocUnsafe(Math.max(length, READ_AHEAD_BYTES));
      const { bytesRead } = await file.read(ahead, 0, ahead.length, offset);
      if (bytesRead < length) return readRange(file, offset, length);
      held = ahead.subarray(0, bytesRead);
      heldFrom = offset;
    }
    return held.subarray(offset - heldFrom, offset - heldFrom + length);
  };
}

const READ_AHEAD_BYTES = 16 * 1024;
