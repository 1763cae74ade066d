import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { UserError } from '../../configs/userError.js';
import { readLines } from '../files/readLines.js';

/** One row of a table: its columns by name, and where it stands, for messages. */
export interface TableRow {
  place: string;
  /** @throws UserError when the row is not what its file's ending says */
  columns(): Record<string, unknown>;
}

/**
 * Rows of a table in JSON lines, tab-separated lines or Parquet, by the ending of each file; text may be compressed
 * (.gz). A row is parsed when its columns are asked for, so that skipped rows cost little.
 * @param names  of the columns of tab-separated lines, which bear none
 * @throws UserError when a file is missing or damaged
 */
export async function* readRows(files: readonly string[], names: readonly string[]): AsyncGenerator<TableRow> {
  for (const file of files) {
    if (file.endsWith('.parquet')) yield* parquetRows(file);
    else {
      const parse = /\.jsonl(\.gz)?$/.test(file) ? parseJson : (text: string, at: string) => parseTabs(text, at, names);
      for await (const { line, text } of readLines(file)) {
        if (text.trim() === '') continue;
        const place = `${file}:${line}`;
        yield { place, columns: () => parse(text, place) };
      }
    }
  }
}

function parseJson(text: string, place: string): Record<string, unknown> {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${place} is not JSON: ${(error as Error).message}; if the file was cut short, get it again`);
  }
  if (typeof row !== 'object' || row === null) throw new UserError(`${place} must hold a JSON object`);
  return row as Record<string, unknown>;
}

function parseTabs(text: string, place: string, names: readonly string[]): Record<string, unknown> {
  const cells = text.split('\t');
  if (cells.length !== names.length)
    throw new UserError(`${place} must hold ${names.join(' and ')}, split by a tab; it has ${cells.length} columns`);
  return Object.fromEntries(names.map((name, column) => [name, cells[column]]));
}

/** Row group by row group, so that no more than one is in memory. */
async function* parquetRows(path: string): AsyncGenerator<TableRow> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = start + Number(group.num_rows);
      const rows = await parquetReadObjects({ file, metadata, rowStart: start, rowEnd: end, compressors });
      for (const [index, row] of rows.entries())
        yield { place: `${path}, row ${start + index + 1}`, columns: () => row };
      start = end;
    }
  } catch (error) {
    throw new UserError(`${path} is damaged or cut short (${(error as Error).message}); get it again`);
  }
}
