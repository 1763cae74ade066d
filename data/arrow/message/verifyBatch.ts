import { DataType, type Data, type RecordBatch } from 'apache-arrow';

/**
 * Make sure that what a record batch says of itself is true, so that reading it touches nothing outside of it: enough
 * values for its rows, offsets that rise within what they point into, indices within their dictionary.
 * Source: Arrow columnar format 1.5, "Physical memory layout".
 * @throws when it is not
 */
export function verifyBatch(batch: RecordBatch): void {
  batch.data.children.forEach((child, index) => {
    const { name } = batch.schema.fields[index]!;
    if (child.length !== batch.numRows) fail(`column ${name} has ${child.length} of ${batch.numRows} rows`);
    verify(child, name);
  });
}

function verify(data: Data, name: string): void {
  const { type, length } = data;
  if (!(length >= 0 && Number.isSafeInteger(length))) fail(`column ${name} has ${length} values`);
  const bitmap = data.nullBitmap as Uint8Array | undefined;
  if (data.nullCount > 0 && !DataType.isNull(type) && (bitmap?.length ?? 0) < Math.ceil(length / 8))
    fail(`the nulls of column ${name} are cut short`);
  if (DataType.isUtf8(type) || DataType.isBinary(type) || DataType.isLargeUtf8(type) || DataType.isLargeBinary(type))
    verifyOffsets(data, (data.values as Uint8Array).length, name);
  else if (DataType.isList(type) || DataType.isLargeList(type)) verifyOffsets(data, data.children[0]!.length, name);
  else if (DataType.isFixedSizeList(type)) enough(data.children[0]!.length, length * type.listSize, name);
  else if (DataType.isStruct(type)) for (const child of data.children) enough(child.length, length, name);
  else if (DataType.isDictionary(type)) verifyIndices(data, name);
  else if (DataType.isUtf8View(type)) enough((data.values as Uint8Array).byteLength, 16 * length, name);
  else if (DataType.isInt(type) || DataType.isFloat(type))
    enough((data.values as Uint8Array).byteLength, (length * bitWidth(type)) / 8, name);
  for (const child of data.children) verify(child, name);
}

function verifyOffsets(data: Data, end: number, name: string): void {
  const offsets = data.valueOffsets as unknown as Int32Array | BigInt64Array;
  if (data.length === 0) return;
  enough(offsets.length, data.length + 1, name);
  let before = 0;
  for (let index = 0; index <= data.length; index++) {
    const offset = Number(offsets[index]!);
    if (offset < before) fail(`the offsets of column ${name} do not rise`);
    before = offset;
  }
  enough(end, before, name);
}

function verifyIndices(data: Data, name: string): void {
  const indices = data.values as Int32Array | BigInt64Array;
  const held = data.dictionary?.length ?? 0;
  enough(indices.length, data.length, name);
  for (let position = 0; position < data.length; position++) {
    const index = Number(indices[position]!);
    if (!(index >= 0 && index < held) && data.getValid(position))
      fail(`column ${name} points outside of its dictionary`);
  }
  for (const part of (data.dictionary?.data ?? []) as Data[]) verify(part, name);
}

const bitWidth = (type: DataType) =>
  DataType.isInt(type) ? type.bitWidth : [16, 32, 64][(type as unknown as { precision: number }).precision]!;

function enough(held: number, needed: number, name: string): void {
  if (held < needed) fail(`column ${name} is cut short`);
}

function fail(what: string): never {
  throw new Error(what);
}
