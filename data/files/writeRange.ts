import type { FileHandle } from 'node:fs/promises';

/** Write all of some bytes into a file from an offset on, however many the system takes at a time. */
export async function writeRange(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
}
