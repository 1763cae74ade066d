import { readLines } from '../../../data/files/readLines.js';

/** A line of comma-separated values; what holds a comma, quote or line break is quoted. Source: RFC 4180. */
export const csvLine = (cells: readonly (string | number | null | undefined)[]): string =>
  cells
    .map((cell) => String(cell ?? ''))
    .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',') + '\n';

/** The rows of a CSV file under the names of its first line. Values with line breaks are not read. */
export async function readCsv(file: string): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = [];
  let names: string[] | undefined;
  for await (const { text } of readLines(file)) {
    if (text.trim() === '') continue;
    const cells = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
    );
    if (names) rows.push(Object.fromEntries(names.map((name, column) => [name, cells[column] ?? ''])));
    else names = cells.map((name) => name.trim());
  }
  return rows;
}
