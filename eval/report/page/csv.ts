import { readFile } from 'node:fs/promises';
import { UserError } from '../../../configs/userError.js';

/**
 * A line of comma-separated values. Quoted is what holds a comma, a quote or a line break, and an empty first cell, so that
 * no line is empty. Source: RFC 4180. Text that a spreadsheet would compute gets a `'` before it, which `readCsv` takes away.
 */
export const csvLine = (cells: readonly (string | number | null | undefined)[]): string =>
  cells
    .map((cell) => (typeof cell === 'string' && formula.test(cell) ? `'${cell}` : String(cell ?? '')))
    .map((cell, index) =>
      /[",\r\n]/.test(cell) || (index === 0 && cell === '') ? `"${cell.replaceAll('"', '""')}"` : cell,
    )
    .join(',') + '\n';

/** A row of a CSV file: its values under the names of the first line. */
export interface CsvRow {
  /** Where the row begins, from 1. */
  line: number;
  values: Record<string, string>;
}

/**
 * The rows of a CSV file under the names of its first line; lines without anything are skipped.
 * @throws UserError when it is not UTF-8
 */
export async function readCsv(file: string): Promise<CsvRow[]> {
  const [head, ...rows] = records(decoded(file, await readFile(file)));
  const names = head?.cells.map((name) => name.trim()) ?? [];
  return rows.map(({ line, cells }) => ({
    line,
    values: Object.fromEntries(names.map((name, column) => [name, plain(cells[column] ?? '')])),
  }));
}

/** How text begins that Excel, LibreOffice and Google Sheets take for a formula. Source: OWASP, CSV Injection. */
const formula = /^'*[=+\-@\t\r]/;

const plain = (cell: string) => (cell.startsWith("'") && formula.test(cell) ? cell.slice(1) : cell);

/** Cells by row; a quoted cell may hold commas and line breaks. */
function decoded(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UserError(`${file} is not UTF-8; save it as that`);
  }
}

function records(text: string): { line: number; cells: string[] }[] {
  const found: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let [line, begin] = [1, 1];
  // A cell, then what ends it. A quote that is not closed before the end of a cell is a character as any other.
  const pattern = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|[\r\n]|$)/y;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [whole, quoted, bare, end] = match;
    cells.push(quoted?.replaceAll('""', '"') ?? bare!);
    line += whole.match(/\r\n|[\r\n]/g)?.length ?? 0;
    if (end === ',') continue;
    if (cells.length > 1 || cells[0] !== '' || quoted !== undefined) found.push({ line: begin, cells });
    [cells, begin] = [[], line];
    if (pattern.lastIndex >= text.length) break;
  }
  return found;
}
