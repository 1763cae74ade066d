import type { RecordBatch, Vector } from 'apache-arrow';
import { UserError } from '../../configs/userError.js';
import type { Example, Passage } from '../example/example.js';
import { scoreOf } from '../example/row/scoreOf.js';
import { isBlank } from '../example/row/textOf.js';
import { textId } from '../example/textId.js';
import { firstNoUtf8 } from './message/firstNoUtf8.js';
import { passageNames, type ColumnMatch } from './matchColumns.js';

/**
 * The examples of one record batch. Rows without an id get one made from their query; empty passages of columns that
 * hold one text each are left out. The rules are those of the import.
 * @param match     where they are in its schema
 * @param firstRow  how many rows of the file come before it, for messages
 * @throws UserError naming the file and the row (counted from 1) whose query, positives, passages or
 *   scores cannot be used, or whose texts are no UTF-8
 */
export function decodeExamples(batch: RecordBatch, match: ColumnMatch, firstRow: number, path: string): Example[] {
  requireUtf8(
    batch,
    [match.id, match.query, ...match.positives, ...match.negatives],
    (row) => `${path}: row ${firstRow + row + 1}`,
  );
  const ids = match.id === null ? null : column(batch, match.id);
  const queries = column(batch, match.query);
  const [positives, negatives] = [match.positives, match.negatives].map((names) =>
    names.map((name) => column(batch, name)),
  );
  return Array.from({ length: batch.numRows }, (_, row) => {
    const refuse = (what: string) => new UserError(`${path}: row ${firstRow + row + 1} ${what}`);
    const query: unknown = queries.get(row);
    const id: unknown = ids === null ? '' : ids.get(row);
    if (id === null) throw refuse(`has no ${match.id}`);
    if (query === null) throw refuse('has no query');
    if (isBlank(String(query))) throw refuse('has an empty query');
    const example: Example = {
      id: ids === null ? textId(Buffer.from(String(query))) : String(id),
      query: String(query),
      positives: positives!.flatMap((vector) => passages(vector.get(row), refuse)),
      negatives: negatives!.flatMap((vector) => passages(vector.get(row), refuse)),
    };
    if (example.positives.length === 0) throw refuse(`(query ${example.id}) has no positives`);
    return example;
  });
}

/** apache-arrow 21 puts U+FFFD in place of what it cannot decode. */
function requireUtf8(batch: RecordBatch, names: (string | null)[], place: (row: number) => string): void {
  for (const name of names) {
    const row = name === null ? null : firstNoUtf8(column(batch, name).data[0]!);
    if (row !== null) throw new UserError(`${place(row)} has text in ${name} that is no UTF-8`);
  }
}

function column(batch: RecordBatch, name: string): Vector {
  const found = batch.getChild(name);
  if (found === null) throw new Error(`column ${name} is missing`);
  return found;
}

function passages(value: unknown, refuse: (what: string) => UserError): Passage[] {
  if (value === null) return [];
  if (typeof value === 'string') return isBlank(value) ? [] : [{ id: '', title: '', text: value }];
  const list = value as Vector;
  const child = (names: string[]) => names.map((name) => list.getChild(name)).find((vector) => vector !== null) ?? null;
  const texts = child(passageNames.text) ?? ((list.type.children ?? []).length === 0 ? list : null);
  const [ids, titles, scores] = [child(passageNames.id), child(passageNames.title), child(passageNames.score)];
  return Array.from({ length: list.length }, (_, index) => {
    const id: unknown = ids === null ? '' : (ids.get(index) ?? null);
    const text: unknown = texts?.get(index) ?? null;
    const title = String(titles?.get(index) ?? '');
    const score = scoreOf(scores?.get(index));
    if (id === null || text === null) throw refuse(`has a passage without ${id === null ? 'id' : 'text'}`);
    if (isBlank(title) && isBlank(String(text))) throw refuse('has an empty passage');
    if (score === null) throw refuse('has a score that is no finite number');
    return { id: String(id), title, text: String(text), ...(score !== undefined && { score }) };
  });
}
