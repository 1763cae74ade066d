import { UserError } from '../../configs/userError.js';
import { openParquet } from '../arrow/parquet.js';
import { readLines } from '../files/read/readLines.js';
import { parseJson } from '../example/row/parseJson.js';

/** One row of a table: its columns by name, and where it stands, for messages. */
export interface TableRow {
  location: string;
  /** That holds it. */
  file: string;
  /** @throws UserError when the row is not what its file's ending says */
  columns(): Record<string, unknown>;
}

/**
 * Rows of a table in JSON lines, tab-separated lines or Parquet, by the ending of each file; text may be compressed
 * (.gz). A row is parsed when its columns are asked for, so that skipped rows cost little.
 * @param names  of the columns of tab-separated lines, which bear none
 * @param form   of lines whose file's ending does not tell
 * @throws UserError when a file is missing or damaged
 */
export async function* readRows(
  files: readonly string[],
  names: readonly string[],
  form: 'tabs' | 'json' = 'tabs',
): AsyncGenerator<TableRow> {
  for (const file of files) {
    if (file.endsWith('.parquet')) yield* parquetRows(file);
    else {
      const isJson = form === 'json' ? !/\.tsv(\.gz)?$/.test(file) : /\.jsonl(\.gz)?$/.test(file);
      const parse = isJson ? parseObject : (text: string, at: string) => parseTabs(text, at, names);
      for await (const { line, text } of readLines(file)) {
        if (text.trim() === '') continue;
        const location = `${file}:${line}`;
        yield { location, file, columns: () => parse(text, location) };
      }
    }
  }
}

function parseObject(text: string, location: string): Record<string, unknown> {
  let row: unknown;
  try {
    row = parseJson(text);
  } catch (error) {
    throw new UserError(
      `${location} is not JSON: ${(error as Error).message}; if the file was cut short, get it again`,
    );
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw new UserError(`${location} must hold a JSON object`);
  return row as Record<string, unknown>;
}

function parseTabs(text: string, location: string, names: readonly string[]): Record<string, unknown> {
  const cells = text.split('\t');
  if (cells.length !== names.length)
    throw new UserError(`${location} must hold ${names.join(' and ')}, split by a tab; it has ${cells.length} columns`);
  return Object.fromEntries(names.map((name, column) => [name, cells[column]]));
}

/** Only columns of ids, texts, images and grades: a table may hold others beside them. */
async function* parquetRows(path: string): AsyncGenerator<TableRow> {
  let row = 0;
  for await (const columns of (await openParquet(path)).read(0, (name) => COLUMNS.has(name)))
    yield { location: `${path}, row ${++row}`, file: path, columns: () => columns };
}

const COLUMNS = new Set([
  ...['_id', 'id', 'title', 'text', 'query', 'image', 'images', 'language'],
  ...['query-id', 'query_id', 'corpus-id', 'corpus_id', 'score'],
]);
