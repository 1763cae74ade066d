import { open, writeFile } from 'node:fs/promises';
import type { FieldFiles, FieldFacts } from './postings.js';
import { byteBuffer, readNumber } from './byteBuffer.js';
import { encodeLength } from './lengthByte.js';

/**
 * Merge runs of postings into the files of a field's index.
 * @param runs     in the order of their documents
 * @param lengths  [documents]: terms of each document
 */
export async function mergeRuns(runs: readonly string[], files: FieldFiles, lengths: Uint32Array): Promise<void> {
  const readers = await Promise.all(runs.map(openTermRun));
  const postings = await open(files.postings, 'w');
  const [terms, table, out] = [byteBuffer(), byteBuffer(), byteBuffer()];
  let count = 0;
  try {
    for (const reader of readers) await reader.next();
    for (;;) {
      const term = lowestTerm(readers);
      if (term === undefined) break;
      const before = out.size;
      let documents = 0;
      let last = 0;
      for (const reader of readers) {
        const { entry } = reader;
        if (entry?.term !== term) continue;
        const [row, rest] = readNumber(entry.body, 0);
        out.number(row - last);
        out.bytes(entry.body.subarray(rest));
        documents += entry.documents;
        last = entry.lastRow;
        await reader.next();
      }
      terms.text(term);
      table.number(documents);
      table.number(out.size - before);
      count++;
      if (out.size > 1e6) {
        await postings.writeFile(out.view());
        out.clear();
      }
    }
    await postings.writeFile(out.view());
    await postings.sync();
  } finally {
    await postings.close();
    for (const reader of readers) await reader.close();
  }
  await writeFile(files.terms, terms.view());
  await writeFile(files.table, table.view());
  await writeFile(files.lengths, Uint8Array.from(lengths, encodeLength));
  await writeFile(files.facts, JSON.stringify(factsOf(lengths, count)));
}

function factsOf(lengths: Uint32Array, terms: number): FieldFacts {
  let [documents, sum] = [0, 0];
  for (const length of lengths) {
    if (length > 0) documents++;
    sum += length;
  }
  return { documents, meanLength: documents === 0 ? 0 : sum / documents, terms };
}

interface RunEntry {
  term: string;
  documents: number;
  lastRow: number;
  /** The postings; good until the next entry is read. */
  body: Buffer;
}

interface RunReader {
  /** Undefined at the end. */
  entry: RunEntry | undefined;
  next(): Promise<void>;
  close(): Promise<void>;
}

function lowestTerm(readers: readonly RunReader[]): string | undefined {
  let lowest: string | undefined;
  for (const { entry } of readers) if (entry && (lowest === undefined || entry.term < lowest)) lowest = entry.term;
  return lowest;
}

const readAheadBytes = 262_144;
/** Longer than the numbers at the head of an entry, with the longest term there is. */
const headBytes = 2048;

async function openTermRun(file: string): Promise<RunReader> {
  const handle = await open(file, 'r');
  let buffer = Buffer.alloc(0);
  let place = 0;
  /** Have at least so many bytes ahead, or all that are left. */
  const fill = async (bytes: number) => {
    if (buffer.length - place >= bytes) return;
    const more = Buffer.alloc(Math.max(bytes, readAheadBytes));
    const left = buffer.copy(more, 0, place);
    let end = left;
    while (end < more.length) {
      const { bytesRead } = await handle.read(more, end, more.length - end);
      if (bytesRead === 0) break;
      end += bytesRead;
    }
    [buffer, place] = [more.subarray(0, end), 0];
  };
  const number = () => {
    const [value, next] = readNumber(buffer, place);
    place = next;
    return value;
  };
  const reader: RunReader = {
    entry: undefined,
    async next() {
      await fill(headBytes);
      if (place === buffer.length) {
        reader.entry = undefined;
        return;
      }
      const length = number();
      const term = buffer.toString('utf8', place, (place += length));
      const [documents, lastRow, size] = [number(), number(), number()];
      await fill(size);
      reader.entry = { term, documents, lastRow, body: buffer.subarray(place, (place += size)) };
    },
    close: () => handle.close(),
  };
  return reader;
}
