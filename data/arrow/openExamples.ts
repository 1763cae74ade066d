import { open, type FileHandle } from 'node:fs/promises';
import { RecordBatchReader, type RecordBatch } from 'apache-arrow';
import { UserError } from '../../configs/userError.js';
import type { Example } from '../example/example.js';
import { countRows, type RowCounts } from './countRows.js';
import { decodeExamples } from './decodeExamples.js';
import { openImages, type ImageFile } from './images/imageFile.js';
import { inflateMessage } from './message/inflateMessage.js';
import { matchColumns } from './matchColumns.js';
import { readRange } from '../files/read/readRange.js';
import { scanArrow, type ArrowLayout, type MessagePlace } from './message/scanArrow.js';
import { verifyBatch } from './message/verifyBatch.js';

/** A file of training examples, opened for random access by record batch. */
export interface ExampleFile {
  path: string;
  form: 'file' | 'stream';
  rows: number;
  /** Rows of each record batch. */
  batchRows: number[];
  /** Those that queries and passages name; absent where they are texts alone. */
  images?: ImageFile;
  /** Decode one record batch; memory is that of the one batch, whatever the size of the file. */
  read(batch: number): Promise<Example[]>;
  /** Look through one record batch: which rows cannot be used, and how many negatives the others have. */
  count(batch: number): Promise<RowCounts>;
  close(): Promise<void>;
}

/**
 * Open an Arrow file of either form that holds training examples; only its message headers are read now.
 * @throws UserError when it is missing, no Arrow file, cut short, without rows, or has other columns
 */
export async function openExamples(path: string): Promise<ExampleFile> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`cannot open ${path}: ${error.code === 'ENOENT' ? 'it does not exist' : error.message}`);
  });
  try {
    if (!(await file.stat()).isFile()) throw new UserError(`${path} is not a file; name the Arrow file itself`);
    const layout = await scanArrow(file, path);
    const match = matchColumns(layout.schema);
    if (typeof match === 'string') throw new UserError(`${path} holds no training examples: ${match}`);
    const batchRows = layout.batches.map(({ rows }) => rows);
    const rows = batchRows.reduce((sum, count) => sum + count, 0);
    if (rows === 0) throw new UserError(`${path} holds no rows; leave it out`);
    const images = match.hasImages ? await openImages(path) : undefined;
    const lookInto = <T>(batch: number, look: Look<T>) => lookAt(file, layout, batch, path, look);
    return {
      path,
      form: layout.form,
      rows,
      batchRows,
      read: (batch) =>
        lookInto(batch, (found, firstRow) => decodeExamples(found, match, firstRow, path, images?.images)),
      count: (batch) => lookInto(batch, (found) => countRows(found, match, images?.images)),
      ...(images && { images }),
      close: async () => {
        await images?.close();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

type Look<T> = (batch: RecordBatch, firstRow: number) => T;

async function lookAt<T>(
  file: FileHandle,
  layout: ArrowLayout,
  batch: number,
  path: string,
  look: Look<T>,
): Promise<T> {
  const place = layout.batches[batch];
  if (place === undefined)
    throw new Error(`${path} has ${layout.batches.length} record batches; batch ${batch} was asked for`);
  const firstRow = layout.batches.slice(0, batch).reduce((sum, { rows }) => sum + rows, 0);
  try {
    const bytes = await gather(file, layout, dictionariesOf(layout, batch), place);
    const [decoded] = [...RecordBatchReader.from(bytes)] as RecordBatch[];
    verifyBatch(decoded!);
    return look(decoded!, firstRow);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: record batch ${batch} cannot be read (${(error as Error).message})`);
  }
}

/**
 * The dictionary messages that a record batch needs: for each dictionary the last whole one and what was added to it
 * since. A stream may replace a dictionary between batches; a file may not, and may keep them anywhere.
 */
function dictionariesOf(layout: ArrowLayout, batch: number): MessagePlace[] {
  const seen = layout.dictionaries.filter(({ before }) => layout.form === 'file' || before <= batch);
  return seen.filter(({ id }, index) => !seen.slice(index + 1).some((later) => later.id === id && !later.isDelta));
}

/** The schema and the messages, uncompressed, one after the other: a stream of their own. */
async function gather(
  file: FileHandle,
  { schemaBytes, unread }: ArrowLayout,
  dictionaries: MessagePlace[],
  batch: MessagePlace,
): Promise<Uint8Array> {
  const messages: Uint8Array[] = [schemaBytes];
  for (const place of [...dictionaries, batch]) {
    const bytes = await readRange(file, place.offset, place.length);
    messages.push(await inflateMessage(bytes, place === batch ? unread : undefined));
  }
  return Buffer.concat(messages);
}
