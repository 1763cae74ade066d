import { growFile, type GrowingFile } from './writeBeside.js';

/** Rows left out, by reason; `first` is the file and line of the first of them. */
export interface Rejected {
  reason: string;
  rows: number;
  first: string;
}

/** Lists input rows that cannot be used, one JSON object a line; the file is made when there is the first. */
export interface Rejects {
  path: string;
  /** @returns how many there are now */
  add(file: string, line: number, reason: string, content: string): Promise<number>;
  rejected(): Rejected[];
  /** Finish the list. @returns where it is, null when there is nothing to list */
  close(): Promise<string | null>;
}

/** Begin a list of rejected rows. @param path  gets its name when the list is closed */
export function collectRejects(path: string): Rejects {
  const byReason = new Map<string, Rejected>();
  let list: GrowingFile | undefined;
  let total = 0;
  return {
    path,
    async add(file, line, reason, content) {
      const entry = byReason.get(reason) ?? { reason, rows: 0, first: `${file}:${line}` };
      byReason.set(reason, { ...entry, rows: entry.rows + 1 });
      list ??= await growFile(path);
      const shown = `${JSON.stringify({ file, line, reason, content: content.slice(0, CONTENT_SHOWN) })}\n`;
      await list.append(shown).catch((error) => {
        list = undefined; // it is gone, so there is none to finish
        throw error;
      });
      return ++total;
    },
    rejected: () => [...byReason.values()],
    async close() {
      await list?.commit();
      return list ? path : null;
    },
  };
}

/** Characters of a rejected row that are kept: enough to recognise it. */
const CONTENT_SHOWN = 500;
