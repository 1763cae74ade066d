/**
 * Make sure that a message header or a footer points nowhere outside of itself: decoding one that does could go on for
 * ever or fill the memory. Source: Arrow's Message.fbs, Schema.fbs and File.fbs; "FlatBuffers Internals".
 * @throws when it does
 */
export function verifyHeader(bytes: Uint8Array, kind: 'message' | 'footer'): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const walk: Walk = { buffer, tables: 0 };
  const root = enter(walk, reference(walk, 0), 0);
  if (kind === 'footer') {
    verifySchema(walk, tableAt(walk, root, 1), 0);
    for (const blocks of [2, 3]) vectorAt(walk, root, blocks, 24);
    return;
  }
  const header = tableAt(walk, root, 2);
  const type = fieldAt(walk, root, 1, 1);
  verifyPairs(walk, root, 4);
  if (type === 0 || header === null) throw new Error('a message without header');
  if (buffer[type] === SCHEMA) verifySchema(walk, header, 1);
  else if (buffer[type] === DICTIONARY_BATCH) verifyBatchHeader(walk, tableAt(walk, header, 1));
  else if (buffer[type] === RECORD_BATCH) verifyBatchHeader(walk, header);
}

const SCHEMA = 1;
const DICTIONARY_BATCH = 2;
const RECORD_BATCH = 3;
/** References may meet, so that a short header describes a schema of any size. */
const MOST_TABLES = 100_000;
const DEEPEST = 64;

interface Walk {
  buffer: Buffer;
  tables: number;
}

/** A table that lies within: where it and its field offsets begin, and how many bytes of the latter there are. */
interface Table {
  at: number;
  offsets: number;
  offsetsLength: number;
}

function verifySchema(walk: Walk, schema: Table | null, depth: number): void {
  if (schema === null) throw new Error('no schema');
  vectorAt(walk, schema, 3, 8);
  verifyPairs(walk, schema, 2);
  for (const field of tablesAt(walk, schema, 1, depth)) verifyField(walk, field, depth + 1);
}

function verifyField(walk: Walk, field: Table, depth: number): void {
  vectorAt(walk, field, 0, 1);
  const type = tableAt(walk, field, 3);
  if (fieldAt(walk, field, 2, 1) !== 0 && type === null) throw new Error('a field without type');
  if (type !== null && walk.buffer[fieldAt(walk, field, 2, 1)] === UNION) vectorAt(walk, type, 1, 4);
  const dictionary = tableAt(walk, field, 4);
  if (dictionary !== null) tableAt(walk, dictionary, 1);
  verifyPairs(walk, field, 6);
  for (const child of tablesAt(walk, field, 5, depth)) verifyField(walk, child, depth + 1);
}

const UNION = 14;

function verifyBatchHeader(walk: Walk, batch: Table | null): void {
  if (batch === null) throw new Error('no record batch');
  for (const structs of [1, 2]) vectorAt(walk, batch, structs, 16);
  tableAt(walk, batch, 3);
  vectorAt(walk, batch, 4, 8);
}

function verifyPairs(walk: Walk, table: Table, index: number): void {
  for (const pair of tablesAt(walk, table, index, 0)) for (const text of [0, 1]) vectorAt(walk, pair, text, 1);
}

function enter(walk: Walk, at: number, depth: number): Table {
  if (++walk.tables > MOST_TABLES || depth > DEEPEST) throw new Error('a header of too many tables');
  const offsets = at - walk.buffer.readInt32LE(at);
  if (offsets < 0 || offsets + 4 > walk.buffer.length) throw new Error('a table that points outside');
  const offsetsLength = walk.buffer.readUInt16LE(offsets);
  if (offsets + offsetsLength > walk.buffer.length) throw new Error('a table that is cut short');
  return { at, offsets, offsetsLength };
}

/** Where a field of so many bytes lies, 0 when it is absent. */
function fieldAt({ buffer }: Walk, { at, offsets, offsetsLength }: Table, index: number, bytes: number): number {
  const place = 4 + 2 * index;
  if (place + 2 > offsetsLength) return 0;
  const offset = buffer.readUInt16LE(offsets + place);
  if (offset === 0) return 0;
  if (at + offset + bytes > buffer.length) throw new Error('a field that lies outside');
  return at + offset;
}

/** What the reference at a place points to; four bytes are there. */
function reference({ buffer }: Walk, at: number): number {
  const target = at + buffer.readUInt32LE(at);
  if (target + 4 > buffer.length) throw new Error('a reference that points outside');
  return target;
}

function tableAt(walk: Walk, table: Table, index: number): Table | null {
  const field = fieldAt(walk, table, index, 4);
  return field === 0 ? null : enter(walk, reference(walk, field), 0);
}

/** Where the items of a vector begin and how many there are; all lie within. */
function vectorAt(walk: Walk, table: Table, index: number, itemBytes: number): { at: number; count: number } {
  const field = fieldAt(walk, table, index, 4);
  if (field === 0) return { at: 0, count: 0 };
  const at = reference(walk, field);
  const count = walk.buffer.readUInt32LE(at);
  if (at + 4 + count * itemBytes > walk.buffer.length) throw new Error('a vector that is cut short');
  return { at: at + 4, count };
}

function* tablesAt(walk: Walk, table: Table, index: number, depth: number): Generator<Table> {
  const { at, count } = vectorAt(walk, table, index, 4);
  for (let item = 0; item < count; item++) yield enter(walk, reference(walk, at + 4 * item), depth);
}
