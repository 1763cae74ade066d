import { open, type FileHandle } from 'node:fs/promises';
import { explainReadFailure } from '../../data/files/read/explainReadFailure.js';
import { cutShort } from './safetensorsHeader.js';
import type { TensorEntry } from './safetensorsHeader.js';

/** One read call moves so much; several are under way at a time. */
const pieceBytes = 8 * 1024 * 1024;
/** So much is being read ahead of what is taken, or one tensor if it is larger. */
const aheadBytes = 256 * 1024 * 1024;

/**
 * Read tensors in the order in which they lie in their files, each into memory of its own, while those before it are
 * being taken. Nothing is copied on the way: what is in memory beside the tensors taken is what is read ahead.
 * @param take  told of each tensor with its bytes, which are its own from then on
 * @throws UserError when a file is cut short or cannot be read
 */
export async function streamTensors<Entry extends TensorEntry>(
  entries: readonly Entry[],
  take: (entry: Entry, bytes: Uint8Array) => void,
): Promise<void> {
  const ordered = [...entries].sort((x, y) => (x.file === y.file ? x.begin - y.begin : x.file < y.file ? -1 : 1));
  const files = await openFiles(ordered);
  const ahead: { entry: Entry; bytes: Uint8Array; done: Promise<void> }[] = [];
  let bytesAhead = 0;
  let next = 0;
  const readAhead = () => {
    for (let entry = ordered[next]; entry; entry = ordered[++next]) {
      const size = entry.end - entry.begin;
      if (ahead.length > 0 && bytesAhead + size > aheadBytes) return;
      const bytes = allocate(size);
      const done = readTensor(files.get(entry.file)!, entry, bytes);
      done.catch(() => {}); // thrown where it is awaited
      ahead.push({ entry, bytes, done });
      bytesAhead += size;
    }
  };
  try {
    for (readAhead(); ahead.length > 0; readAhead()) {
      const { entry, bytes, done } = ahead[0]!;
      await done;
      ahead.shift();
      bytesAhead -= bytes.length;
      readAhead(); // the disk works on while this tensor is taken
      take(entry, bytes);
    }
  } finally {
    await Promise.allSettled(ahead.map(({ done }) => done)); // before the files are closed
    for (const file of files.values()) await file.close();
  }
}

async function openFiles(entries: readonly TensorEntry[]): Promise<Map<string, FileHandle>> {
  const files = new Map<string, FileHandle>();
  for (const name of new Set(entries.map(({ file }) => file))) files.set(name, await open(name, 'r'));
  return files;
}

/**
 * Native TensorFlow computes on memory of ours in its place where it begins on a multiple of 64 bytes, and copies it
 * elsewhere. The C library of Linux begins a large block 16 bytes behind such a multiple.
 */
function allocate(size: number): Uint8Array {
  const gap = 48;
  return new Uint8Array(Buffer.allocUnsafeSlow(gap + size).buffer, gap, size);
}

/** All pieces are asked for at once: the system reads on while this thread is busy. */
async function readTensor(handle: FileHandle, { file, begin, end }: TensorEntry, into: Uint8Array): Promise<void> {
  const readPiece = async (from: number, to: number) => {
    for (let at = from; at < to;) {
      const { bytesRead } = await handle.read(into, at - begin, to - at, at);
      if (bytesRead === 0) throw cutShort(file, at, end);
      at += bytesRead;
    }
  };
  const pieces: Promise<void>[] = [];
  for (let from = begin; from < end; from += pieceBytes) pieces.push(readPiece(from, Math.min(from + pieceBytes, end)));
  const failed = (await Promise.allSettled(pieces)).find((piece) => piece.status === 'rejected');
  if (failed) throw explainReadFailure(failed.reason, file);
}
