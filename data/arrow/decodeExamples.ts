import type { Data, DataType, RecordBatch, Vector } from 'apache-arrow';
import { UserError } from '../../configs/userError.js';
import type { Example, ExamplePassage } from '../example/example.js';
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
 * @param images    those that there are, where the rows have any
 * @throws UserError naming the file and the row (counted from 1) whose query, positives, passages or
 *   scores cannot be used, or whose texts are no UTF-8
 */
export function decodeExamples(
  batch: RecordBatch,
  match: ColumnMatch,
  firstRow: number,
  path: string,
  images?: ReadonlyMap<string, unknown>,
): Example[] {
  return decodeRows(batch, match, images).map((found, row) => {
    if (!('reason' in found)) return found;
    const query = found.id === undefined ? '' : ` (query ${found.id})`;
    throw new UserError(`${path}: row ${firstRow + row + 1}${query} ${found.reason}`);
  });
}

/** Why a row cannot be used. */
export interface Unusable {
  /** In a few words after the row's number; the same for like rows. */
  reason: string;
  /** Of the query, where it has one. */
  id?: string;
}

/** The rows of a record batch, each as an example or why it is none. Of texts that are no UTF-8 one a column is told. */
export function decodeRows(
  batch: RecordBatch,
  match: ColumnMatch,
  images: ReadonlyMap<string, unknown> = new Map(),
): (Example | Unusable)[] {
  const broken = rowsWithoutUtf8(batch, [match.id, match.query, ...match.positives, ...match.negatives]);
  const ids = match.id === null ? null : column(batch, match.id);
  const queries = column(batch, match.query);
  const queryImages = match.queryImages === null ? null : column(batch, match.queryImages);
  const [positives, negatives] = [match.positives, match.negatives].map((names) =>
    names.map((name) => column(batch, name)),
  );
  return Array.from({ length: batch.numRows }, (_, row) => {
    const column = broken.get(row);
    if (column !== undefined) return { reason: `has text in ${column} that is no UTF-8` };
    const query = queries.get(row) as string | null;
    const id = ids === null ? '' : (ids.get(row) as string | number | bigint | null);
    if (id === null || (ids !== null && id === '')) return { reason: `has no ${match.id}` };
    if (query === null) return { reason: 'has no query' };
    const shown = hashesIn(queryImages?.get(row));
    if (isBlank(query) && shown.length === 0) return { reason: 'has an empty query' };
    const found = [positives!, negatives!].map((vectors) => allPassages(vectors, row));
    const wrong = found.find((list) => typeof list === 'string');
    if (wrong !== undefined) return { reason: wrong };
    const example: Example = {
      id: ids === null ? textId(Buffer.from(query)) : String(id),
      query,
      ...(shown.length > 0 && { queryImages: shown }),
      positives: found[0] as ExamplePassage[],
      negatives: found[1] as ExamplePassage[],
    };
    if (example.positives.length === 0) return { reason: 'has no positives', id: example.id };
    return match.hasImages && lacks(example, images) ? { reason: lacksImage, id: example.id } : example;
  });
}

const lacksImage = 'has an image that is not in the file of images; import it again';

function lacks({ queryImages = [], positives, negatives }: Example, images: ReadonlyMap<string, unknown>): boolean {
  const passages = [...positives, ...negatives];
  return [...queryImages, ...passages.flatMap((passage) => passage.images ?? [])].some((image) => !images.has(image));
}

/** By row, the column; apache-arrow 21 puts U+FFFD in place of what it cannot decode. */
function rowsWithoutUtf8(batch: RecordBatch, names: (string | null)[]): Map<number, string> {
  const broken = new Map<number, string>();
  for (const name of names) {
    const row = name === null ? null : firstNoUtf8(column(batch, name).data[0] as Data);
    if (row !== null && !broken.has(row)) broken.set(row, name!);
  }
  return broken;
}

/** What a row has in all columns of one kind, or why it cannot be used. */
function allPassages(columns: Vector[], row: number): ExamplePassage[] | string {
  const all: ExamplePassage[] = [];
  for (const vector of columns) {
    const found = passages(vector.get(row));
    if (typeof found === 'string') return found;
    all.push(...found);
  }
  return all;
}

function column(batch: RecordBatch, name: string): Vector {
  const found = batch.getChild(name);
  if (found === null) throw new Error(`column ${name} is missing`);
  return found;
}

function passages(value: unknown): ExamplePassage[] | string {
  if (value === null) return [];
  if (typeof value === 'string') return isBlank(value) ? [] : [{ id: '', title: '', text: value }];
  const list = value as Vector;
  const child = (names: string[]) => names.map((name) => list.getChild(name)).find((vector) => vector !== null) ?? null;
  const texts = child(passageNames.text) ?? (((list.type as DataType).children ?? []).length === 0 ? list : null);
  const [ids, titles, scores] = [child(passageNames.id), child(passageNames.title), child(passageNames.score)];
  const images = child(passageNames.images);
  const found: ExamplePassage[] = [];
  for (let index = 0; index < list.length; index++) {
    const id = ids === null ? '' : ((ids.get(index) ?? null) as string | number | bigint | null);
    const text = (texts?.get(index) ?? null) as string | null;
    const title = String(titles?.get(index) ?? '');
    const score = scoreOf(scores?.get(index));
    if (id === null || text === null) return `has a passage without ${id === null ? 'id' : 'text'}`;
    const shown = hashesIn(images?.get(index));
    if (isBlank(title) && isBlank(text) && shown.length === 0) return 'has an empty passage';
    if (score === null) return 'has a score that is no finite number';
    found.push({
      id: String(id),
      title,
      text,
      ...(shown.length > 0 && { images: shown }),
      ...(score !== undefined && { score }),
    });
  }
  return found;
}

const hashesIn = (value: unknown): string[] => (value ? ([...(value as Vector)] as string[]) : []);
