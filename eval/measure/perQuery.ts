import { readFile } from 'node:fs/promises';
import { Table, tableFromIPC, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { UserError } from '../../configs/userError.js';

/** Metrics by name, by query id: what each query contributes to the means. */
export type PerQuery = Map<string, Record<string, number>>;

/** An Arrow file with a column `query_id` (utf8) and a column (float64) for each metric, one row a query. */
export function perQueryBytes(perQuery: PerQuery, metricNames: readonly string[]): Uint8Array {
  const scores = [...perQuery.values()];
  const columns = metricNames.map((name) => {
    return [name, vectorFromArray(Float64Array.from(scores, (record) => record[name]!))] as const;
  });
  const ids = vectorFromArray([...perQuery.keys()], new Utf8());
  return tableToIPC(new Table({ query_id: ids, ...Object.fromEntries(columns) }), 'file');
}

/** Read per-query.arrow. @throws UserError when it is missing, damaged or has other columns */
export async function readPerQuery(file: string): Promise<PerQuery> {
  const bytes = await readFile(file).catch(() => {
    throw new UserError(`cannot read ${file}; evaluate again`);
  });
  let table: Table;
  try {
    table = tableFromIPC(bytes);
  } catch (error) {
    throw new UserError(`${file} is damaged (${(error as Error).message}); evaluate again`);
  }
  const ids = table.getChild('query_id');
  const metrics = table.schema.fields.filter(({ name }) => name !== 'query_id').map(({ name }) => name);
  if (!ids || metrics.length === 0)
    throw new UserError(`${file} must have a column query_id and one for each metric; evaluate again`);
  const columns = metrics.map((name) => [name, table.getChild(name)!] as const);
  const scoresOf = (row: number) =>
    Object.fromEntries(columns.map(([name, column]) => [name, Number(column.get(row))]));
  return new Map(Array.from({ length: table.numRows }, (_, row) => [String(ids.get(row)), scoresOf(row)]));
}
