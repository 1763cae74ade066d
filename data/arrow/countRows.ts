import { DataType, Precision, type Data, type RecordBatch } from 'apache-arrow';
import { decodeRows } from './decodeExamples.js';
import { passageNames, type ColumnMatch } from './matchColumns.js';
import { firstNoUtf8 } from './message/firstNoUtf8.js';

/** What looking through rows finds. */
export interface RowCounts {
  unusable: { row: number; reason: string }[];
  /** Of each row; of one that cannot be used it says nothing. */
  negatives: ArrayLike<number>;
}

/**
 * Count the rows of a batch that cannot be used, by the rules of `decodeExamples`. No text is decoded where its bytes alone
 * show that all is well, as in most batches: that is some twenty times as fast.
 * @param images  those that there are, where the rows have any
 */
export function countRows(batch: RecordBatch, match: ColumnMatch, images?: ReadonlyMap<string, unknown>): RowCounts {
  const negatives = match.hasImages ? null : countPlain(batch, match);
  if (negatives !== null) return { unusable: [], negatives };
  const rows = decodeRows(batch, match, images);
  return {
    unusable: rows.flatMap((found, row) => ('reason' in found ? [{ row, reason: found.reason }] : [])),
    negatives: rows.map((found) => ('reason' in found ? 0 : found.negatives.length)),
  };
}

/** Negatives of each row; null where a row may be unusable. */
function countPlain(batch: RecordBatch, { id, query, positives, negatives }: ColumnMatch): Int32Array | null {
  const named = (name: string) => batch.getChild(name)!.data[0] as Data;
  if (id !== null && !isPlainId(named(id))) return null;
  if (!isPlainText(named(query))) return null;
  const counts = new Int32Array(batch.numRows);
  if (!addPlain(positives.map(named), counts) || counts.includes(0)) return null;
  counts.fill(0);
  return addPlain(negatives.map(named), counts) ? counts : null;
}

/** Add how many passages each row has in these columns. @returns false where one of them may be unusable */
function addPlain(columns: Data[], counts: Int32Array): boolean {
  for (const data of columns) {
    const type = data.type;
    const isList = DataType.isList(type) || DataType.isLargeList(type);
    if (isList ? !isPlainList(data) : !isPlainText(data)) return false;
    for (let row = 0; row < counts.length; row++)
      counts[row]! += isList ? offset(data, row + 1) - offset(data, row) : 1;
  }
  return true;
}

function isPlainList(data: Data): boolean {
  const items = data.children[0]!;
  const type = items.type;
  if (data.nullCount > 0 || items.nullCount > 0) return false;
  if (items.length === 0) return true;
  if (!DataType.isStruct(type)) return isPlainText(items);
  const child = (names: string[]) =>
    items.children[
      names.map((name) => type.children.findIndex((field) => field.name === name)).find((at) => at >= 0) ?? -1
    ];
  const [id, title, text, score] = [passageNames.id, passageNames.title, passageNames.text, passageNames.score].map(
    child,
  );
  return (
    (id === undefined || (id.nullCount === 0 && !DataType.isNull(id.type))) &&
    (title === undefined || firstNoUtf8(title) === null) &&
    (id === undefined || firstNoUtf8(id) === null) &&
    text !== undefined &&
    isPlainText(text) &&
    (score === undefined || isPlainScore(score))
  );
}

function isPlainId(data: Data): boolean {
  if (data.nullCount > 0) return false;
  return DataType.isInt(data.type) || isPlainText(data);
}

function isPlainScore(data: Data): boolean {
  const type = data.type;
  if (DataType.isInt(type) || data.nullCount === data.length) return true;
  if (!DataType.isFloat(type) || type.precision === Precision.HALF) return false;
  const values = data.values as Float32Array | Float64Array;
  for (let at = 0; at < data.length; at++) if (!Number.isFinite(values[at]!) && data.getValid(at)) return false;
  return true;
}

/** Whether every text is UTF-8 and begins with a character that is seen to be no white space. */
function isPlainText(data: Data): boolean {
  const type = data.type;
  if (!(DataType.isUtf8(type) || DataType.isLargeUtf8(type)) || data.nullCount > 0) return false;
  const bytes = data.values as Uint8Array;
  for (let row = 0; row < data.length; row++) {
    const begin = offset(data, row);
    const first = begin < offset(data, row + 1) ? bytes[begin]! : 0;
    if (first <= 0x20 || first === 0x7f || mayBeginBlank.has(first)) return false;
  }
  return firstNoUtf8(data) === null;
}

/** First bytes of white space in UTF-8 beyond ASCII: U+0085 and U+00A0, U+1680, U+2000 to U+205F, U+3000, U+FEFF. */
const mayBeginBlank = new Set([0xc2, 0xe1, 0xe2, 0xe3, 0xef]);

const offset = (data: Data, row: number) => Number((data.valueOffsets as ArrayLike<number | bigint>)[row]!);
