import { readJudged } from './lookup/beirJudgements.js';
import { openSource, type KnownBeginning, type Source } from './source/openSource.js';
import { readLineRows, readParquetRows, type AfterRow } from './source/readSourceRows.js';
import type { Recognised } from './source/recogniseFormat.js';
import { recordParsers, type Lookups } from './source/records.js';
import type { RowSink } from './source/rowSink.js';
import { rowTaker, type StoreImages } from './source/takeRow.js';

/** What reading a source needs. */
export interface Reading {
  /** Where its rows begin that are still to be read. */
  from: { offset: number; line: number };
  known: KnownBeginning | undefined;
  sink: RowSink;
  lookups: Lookups;
  /** Takes the images of rows that have any. */
  store: StoreImages | undefined;
  /** Told how many more bytes have been read. */
  onBytes: (bytes: number) => void;
  /** Called after each row with how much of the file was read by then. */
  afterRow: (...args: [...Parameters<AfterRow>, read: () => ReturnType<Source['read']>]) => ReturnType<AfterRow>;
}

/**
 * Read the rows of one source into the sink.
 * @param file  of the source, read from beginning to end whatever rows are wanted, for its hash
 * @returns the SHA-256 of the file
 * @throws UserError when it cannot be read or is damaged
 */
export async function readSource(source: Recognised, file: string, reading: Reading): Promise<string> {
  const { from, sink, lookups, store } = reading;
  const opened = await openSource(file, reading.known);
  const { read } = opened;
  const afterRow: AfterRow = (offset, line) => reading.afterRow(offset, line, read);
  const pieces = told(opened, reading.onBytes);
  try {
    if (source.container === 'lines') await readLineRows(source, pieces, from, sink, lookups, store, afterRow);
    else {
      // Rows of these are not read in the order of bytes: the file is read once more for its hash.
      for await (const _ of pieces);
      if (source.container === 'parquet') await readParquetRows(source, from.offset, sink, lookups, store, afterRow);
      else await readJudgedRows(file, reading, afterRow);
    }
    return read().sha256;
  } finally {
    await opened.close();
  }
}

/** One row for each judged query. */
async function readJudgedRows(
  qrels: string,
  { from: { offset: from }, sink, lookups, store }: Reading,
  afterRow: AfterRow,
) {
  const take = rowTaker(sink, store);
  const judged = await readJudged(qrels, from > 0 ? () => {} : (...reject) => sink.reject(qrels, ...reject));
  let row = 0;
  for (const [qid, { line, relevant, other }] of judged) {
    if (++row <= from) continue;
    const example = recordParsers['hard-negatives']({ qid, pos: relevant, neg: other }, lookups);
    const found = typeof example === 'string' ? example.replace('pos empty', 'no relevant document') : example;
    await take(qrels, line, found, () => qid);
    await afterRow(row, line);
  }
}

async function* told({ pieces, read }: Source, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  let before = 0;
  for await (const piece of pieces) {
    const { bytes } = read();
    onBytes(bytes - before);
    before = bytes;
    yield piece;
  }
}
