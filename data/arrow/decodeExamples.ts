import type { RecordBatch, Vector } from 'apache-arrow';
import { UserError } from '../../configs/userError.js';
import type { Example, Passage } from '../example.js';

/**
 * The examples of one record batch.
 * @param batch     its schema has passed `explainSchema`
 * @param firstRow  how many rows of the file come before it, for messages
 * @throws UserError naming the file and the row (counted from 1) that has no query, no positives or an unusable passage
 */
export function decodeExamples(batch: RecordBatch, firstRow: number, path: string): Example[] {
  const [ids, queries] = [column(batch, 'query_id'), column(batch, 'query')];
  const [positives, negatives] = [column(batch, 'positives'), column(batch, 'negatives')];
  return Array.from({ length: batch.numRows }, (_, row) => {
    const refuse = (what: string) => new UserError(`${path}: row ${firstRow + row + 1} ${what}`);
    const id: unknown = ids.get(row);
    const query: unknown = queries.get(row);
    if (id === null) throw refuse('has no query_id');
    if (query === null) throw refuse('has no query');
    const example: Example = {
      id: String(id),
      query: String(query),
      positives: passages(positives.get(row) as Vector | null, refuse),
      negatives: passages(negatives.get(row) as Vector | null, refuse),
    };
    if (example.positives.length === 0) throw refuse(`(query ${example.id}) has no positives`);
    return example;
  });
}

function column(batch: RecordBatch, name: string): Vector {
  const found = batch.getChild(name);
  if (found === null) throw new Error(`column ${name} is missing`);
  return found;
}

function passages(list: Vector | null, refuse: (what: string) => UserError): Passage[] {
  if (list === null || list.length === 0) return [];
  const [ids, titles, texts] = [list.getChild('id'), list.getChild('title'), list.getChild('text')];
  return Array.from({ length: list.length }, (_, index) => {
    const id: unknown = ids?.get(index) ?? null;
    const text: unknown = texts?.get(index) ?? null;
    if (id === null || text === null) throw refuse(`has a passage without ${id === null ? 'id' : 'text'}`);
    return { id: String(id), title: String(titles?.get(index) ?? ''), text: String(text) };
  });
}
