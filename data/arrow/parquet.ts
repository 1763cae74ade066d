import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { UserError } from '../../configs/userError.js';
import { decompressLz4Block } from './message/lz4.js';
import { readRange } from '../files/read/readRange.js';
import { explainReadFailure } from '../files/read/explainReadFailure.js';

/** A Parquet file whose rows are read group by group. */
export interface ParquetFile {
  columns: string[];
  /** Names of all that holds values, with those of what they lie within: `positive.bytes`. */
  leaves: string[];
  rows: number;
  /**
   * Rows from one on, in order; one row group is in memory at a time. Columns of bytes, and texts that are no UTF-8, come
   * as bytes; whole numbers of 64 bits as bigint.
   * @param isWanted  which columns are read; all unless said otherwise
   */
  read(from: number, isWanted?: (column: string) => boolean): AsyncGenerator<Record<string, unknown>>;
}

/** Whether a file begins as one of Parquet does. @throws UserError when it cannot be read */
export async function isParquet(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      return (await readRange(file, 0, 4).catch(() => '')).toString() === 'PAR1';
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explainReadFailure(error, path);
  }
}

/** Open a Parquet file. @throws UserError when it cannot be read or is damaged, here or while it is read */
export async function openParquet(path: string): Promise<ParquetFile> {
  const explain = (error: unknown): unknown => {
    const explained = explainReadFailure(error, path);
    if (explained instanceof UserError) return explained;
    return new UserError(`${path} is damaged or no Parquet file: ${(error as Error).message.split('\n')[0]}`);
  };
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const tree = parquetSchema(metadata);
    const columns = tree.children.map(({ element }) => element.name);
    const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
    return {
      columns,
      leaves: leavesOf(tree, ''),
      rows,
      async *read(from, isWanted = () => true) {
        const wanted = columns.filter(isWanted);
        let rowStart = 0;
        for (const group of metadata.row_groups) {
          const rowEnd = rowStart + Number(group.num_rows);
          if (rowEnd > from) {
            const begin = Math.max(rowStart, from);
            let found: Record<string, unknown>[];
            const range = { rowStart: begin, rowEnd, columns: wanted };
            try {
              found = await withoutLeaks(() => parquetReadObjects({ file, metadata, ...range, ...decoding }));
            } catch (error) {
              throw explain(error);
            }
            if (found.length !== rowEnd - begin)
              throw explain(new Error(`a row group holds ${found.length} of ${rowEnd - begin} rows`));
            yield* found;
          }
          rowStart = rowEnd;
        }
      },
    };
  } catch (error) {
    throw explain(error);
  }
}

function leavesOf({ children }: SchemaTree, within: string): string[] {
  return children.flatMap((child) => {
    const name = `${within}${child.element.name}`;
    return child.children.length === 0 ? [name] : leavesOf(child, `${name}.`);
  });
}

const decoding = {
  /** hyparquet-compressors 1.1.2 fails on short blocks of LZ4 ("offset out of range"). */
  compressors: { ...compressors, LZ4_RAW: decompressLz4Block },
  /** hyparquet 1.31 would make texts of bytes that are none, such as images, and could not give them back. */
  utf8: false,
  parsers: { stringFromBytes },
};

/** A text, or its bytes as they are where they are no UTF-8. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- hyparquet's own type of what a parser returns
function stringFromBytes(bytes: Uint8Array | undefined): any {
  if (bytes === undefined || !isUtf8(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/**
 * hyparquet 1.31 leaves promises behind when a damaged file stops it: nobody waits for them, and their rejection would
 * end the process. Rejections of others still do.
 */
async function withoutLeaks<T>(read: () => Promise<T>): Promise<T> {
  const onLeak = (reason: unknown) => {
    if (!(reason instanceof Error && reason.stack?.includes('hyparquet'))) throw reason;
  };
  process.on('unhandledRejection', onLeak);
  try {
    return await read();
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve, LEAKS_END_MS)); // the file may still be read for them
    throw error;
  } finally {
    process.off('unhandledRejection', onLeak);
  }
}

const LEAKS_END_MS = 50;
