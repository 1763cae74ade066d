import { isUtf8 } from 'node:buffer';
import { DataType, type Data } from 'apache-arrow';

/**
 * The first value whose text, or a text within, is no UTF-8; null where all are. Buffers must have been verified.
 * Source: Arrow columnar format 1.5, "Physical memory layout".
 */
export function firstNoUtf8(data: Data): number | null {
  const { type, length } = data;
  if (length === 0) return null;
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return firstOfTexts(data);
  if (DataType.isUtf8View(type)) return firstOfViews(data);
  if (DataType.isDictionary(type)) return firstOfIndices(data);
  if (DataType.isStruct(type))
    return smallest(data.children.map(firstNoUtf8).filter((at) => at === null || at < length));
  if (DataType.isList(type) || DataType.isLargeList(type)) {
    const at = firstNoUtf8(data.children[0]!);
    return at === null ? null : firstWhere(length, (row) => offset(data, row) <= at && at < offset(data, row + 1));
  }
  if (!DataType.isFixedSizeList(type)) return null;
  const at = firstNoUtf8(data.children[0]!);
  return at === null || at >= length * type.listSize ? null : Math.floor(at / type.listSize);
}

const offset = (data: Data, row: number) => Number((data.valueOffsets as ArrayLike<number | bigint>)[row]!);

/** All at once where that is enough: then no text may begin in the middle of a character. */
function firstOfTexts(data: Data): number | null {
  const bytes = data.values as Uint8Array;
  const text = (row: number) => bytes.subarray(offset(data, row), offset(data, row + 1));
  const isWithin = (row: number) => offset(data, row + 1) > offset(data, row) && (text(row)[0]! & 0xc0) === 0x80;
  if (isUtf8(bytes.subarray(offset(data, 0), offset(data, data.length))))
    if (firstWhere(data.length, isWithin) === null) return null;
  return firstWhere(data.length, (row) => data.getValid(row) && !isUtf8(text(row)));
}

/** Texts of up to 12 bytes lie within their view of 16 bytes, longer ones in one of the buffers behind. */
function firstOfViews(data: Data): number | null {
  const { buffer, byteOffset } = data.values as Uint8Array;
  const views = new DataView(buffer, byteOffset, 16 * data.length);
  const behind = data.variadicBuffers;
  return firstWhere(data.length, (row) => {
    if (!data.getValid(row)) return false;
    const bytes = views.getInt32(16 * row, true);
    if (bytes <= 12) return !isUtf8(new Uint8Array(buffer, byteOffset + 16 * row + 4, Math.max(0, bytes)));
    const begin = views.getInt32(16 * row + 12, true);
    return !isUtf8(behind[views.getInt32(16 * row + 8, true)]!.subarray(begin, begin + bytes));
  });
}

function firstOfIndices(data: Data): number | null {
  const broken = new Set<number>();
  let held = 0;
  for (const part of (data.dictionary?.data ?? []) as Data[]) {
    if (firstNoUtf8(part) !== null)
      for (let at = 0; at < part.length; at++) if (firstNoUtf8(part.slice(at, 1)) !== null) broken.add(held + at);
    held += part.length;
  }
  const indices = data.values as ArrayLike<number | bigint>;
  return broken.size === 0 ? null : firstWhere(data.length, (row) => broken.has(Number(indices[row]!)));
}

function firstWhere(length: number, holds: (row: number) => boolean): number | null {
  for (let row = 0; row < length; row++) if (holds(row)) return row;
  return null;
}

function smallest(found: (number | null)[]): number | null {
  const rows = found.filter((row) => row !== null);
  return rows.length === 0 ? null : Math.min(...rows);
}
