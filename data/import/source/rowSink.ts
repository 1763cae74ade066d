import type { Example } from '../../example/example.js';
import { BATCH_BYTES, ROWS_PER_BATCH } from '../../arrow/writeExamples.js';
import {
  addExample,
  addTriple,
  createColumns,
  dropLastRow,
  textBytes,
  type ExampleColumns,
} from '../../arrow/exampleColumns.js';
import type { Rejects } from '../../example/rejects.js';

/** Takes the rows of an import, usable or not, until there are enough for a record batch. */
export interface RowSink {
  add(file: string, line: number, example: Example): void;
  addTriple(id: string, source: Buffer, bounds: readonly number[]): void;
  reject(file: string, line: number, reason: string, content: string): void;
  /** Whether `take` is due. */
  isFull(): boolean;
  /** The rows since the last call, null when there are none. */
  take(): ExampleColumns | null;
  counts(): { rows: number; rowsWithoutNegatives: number };
}

/** Passages of one row. They are held in memory, and a text column may not pass 2^31 bytes. */
const LARGEST_ROW_BYTES = 2 ** 28;

/** Collect rows. @param counts  those of an earlier process. @param withImages  whether rows may have images */
export function createRowSink(
  rejects: Rejects,
  counts = { rows: 0, rowsWithoutNegatives: 0 },
  withImages = false,
): RowSink {
  let { rows, rowsWithoutNegatives } = counts;
  let columns = createColumns(ROWS_PER_BATCH, withImages);
  return {
    add(file, line, example) {
      const before = textBytes(columns);
      addExample(columns, example);
      if (textBytes(columns) - before > LARGEST_ROW_BYTES) {
        dropLastRow(columns);
        rejects.add(file, line, `passages of more than ${LARGEST_ROW_BYTES / 2 ** 20} MB in one row`, example.query);
        return;
      }
      rows++;
      if (example.negatives.length === 0) rowsWithoutNegatives++;
    },
    addTriple(id, source, bounds) {
      addTriple(columns, id, source, bounds);
      rows++;
    },
    reject: (file, line, reason, content) => void rejects.add(file, line, reason, content),
    isFull: () => columns.rows >= ROWS_PER_BATCH || textBytes(columns) >= BATCH_BYTES,
    take() {
      if (columns.rows === 0) return null;
      const taken = columns;
      columns = createColumns(ROWS_PER_BATCH, withImages);
      return taken;
    },
    counts: () => ({ rows, rowsWithoutNegatives }),
  };
}
