import { open, type FileHandle } from 'node:fs/promises';
import { explainWriteFailure } from '../files/explainWriteFailure.js';
import { writeRange } from '../files/writeRange.js';

/** Rows left out, by reason; `first` is the file and line of the first of them. */
export interface Rejected {
  reason: string;
  rows: number;
  first: string;
}

/** Lists input rows that cannot be used, one JSON object a line. */
export interface Rejects {
  /** @returns how many there are now */
  add(file: string, line: number, reason: string, content: string): number;
  total(): number;
  rejected(): Rejected[];
  /** Whether enough is waiting in memory to be put on the disk. */
  isDue(): boolean;
  /** Put all on the disk. @returns bytes of the list */
  flush(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Begin a list of rejected rows, or go on with one.
 * @param path   a file is made when there is the first row
 * @param named  what messages call it: the name that it will get
 * @param from   what an earlier process listed; what lies behind it in the file is dropped
 */
export function collectRejects(path: string, named: string, from = { bytes: 0, rejected: [] as Rejected[] }): Rejects {
  const byReason = new Map(from.rejected.map((entry) => [entry.reason, { ...entry }]));
  let total = from.rejected.reduce((sum, { rows }) => sum + rows, 0);
  let { bytes } = from;
  let waiting: string[] = [];
  let waitingLength = 0;
  let file: FileHandle | undefined;
  return {
    add(source, line, reason, content) {
      const entry = byReason.get(reason) ?? { reason, rows: 0, first: `${source}:${line}` };
      entry.rows++;
      byReason.set(reason, entry);
      const shown = `${JSON.stringify({ file: source, line, reason, content: content.slice(0, CONTENT_SHOWN) })}\n`;
      waiting.push(shown);
      waitingLength += shown.length;
      return ++total;
    },
    total: () => total,
    rejected: () => [...byReason.values()],
    isDue: () => waitingLength > WAITING_CHARACTERS,
    async flush() {
      if (waiting.length === 0) return bytes;
      const text = Buffer.from(waiting.join(''));
      waiting = [];
      waitingLength = 0;
      try {
        if (file === undefined) {
          file = await open(path, bytes === 0 ? 'w' : 'r+');
          await file.truncate(bytes);
        }
        await writeRange(file, text, bytes);
        await file.datasync();
      } catch (error) {
        throw explainWriteFailure(error, named);
      }
      return (bytes += text.length);
    },
    close: async () => {
      await file?.close();
      file = undefined;
    },
  };
}

/** Characters of a rejected row that are kept: enough to recognise it. */
const CONTENT_SHOWN = 500;
const WAITING_CHARACTERS = 2 ** 20;
