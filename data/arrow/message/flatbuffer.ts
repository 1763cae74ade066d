/** A header that is walked through, table by table. */
export interface Walk {
  buffer: Buffer;
  tables: number;
}

/** A table that lies within: where it and its field offsets begin, and how many bytes of the latter there are. */
export interface Table {
  at: number;
  offsets: number;
  offsetsLength: number;
}

export function createWalk(bytes: Uint8Array): Walk {
  return { buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), tables: 0 };
}

/** The table at a place. @throws when it does not lie within, or there are more than a header has */
export function enter(walk: Walk, at: number, depth: number): Table {
  if (++walk.tables > MOST_TABLES || depth > DEEPEST) throw new Error('a header of too many tables');
  const offsets = at - walk.buffer.readInt32LE(at);
  if (offsets < 0 || offsets + 4 > walk.buffer.length) throw new Error('a table that points outside');
  const offsetsLength = walk.buffer.readUInt16LE(offsets);
  if (offsets + offsetsLength > walk.buffer.length) throw new Error('a table that is cut short');
  return { at, offsets, offsetsLength };
}

/** Where a field of so many bytes lies, 0 when it is absent. */
export function fieldAt({ buffer }: Walk, { at, offsets, offsetsLength }: Table, index: number, bytes: number): number {
  const place = 4 + 2 * index;
  if (place + 2 > offsetsLength) return 0;
  const offset = buffer.readUInt16LE(offsets + place);
  if (offset === 0) return 0;
  if (at + offset + bytes > buffer.length) throw new Error('a field that lies outside');
  return at + offset;
}

/** What the reference at a place points to; four bytes are there. */
export function reference({ buffer }: Walk, at: number): number {
  const target = at + buffer.readUInt32LE(at);
  if (target + 4 > buffer.length) throw new Error('a reference that points outside');
  return target;
}

/** The table that a field refers to. */
export function tableAt(walk: Walk, table: Table, index: number): Table | null {
  const field = fieldAt(walk, table, index, 4);
  return field === 0 ? null : enter(walk, reference(walk, field), 0);
}

/** Where the items of a vector begin and how many there are; all lie within. */
export function vectorAt(walk: Walk, table: Table, index: number, itemBytes: number): { at: number; count: number } {
  const field = fieldAt(walk, table, index, 4);
  if (field === 0) return { at: 0, count: 0 };
  const at = reference(walk, field);
  const count = walk.buffer.readUInt32LE(at);
  if (at + 4 + count * itemBytes > walk.buffer.length) throw new Error('a vector that is cut short');
  return { at: at + 4, count };
}

/** The tables of a vector. */
export function* tablesAt(walk: Walk, table: Table, index: number, depth: number): Generator<Table> {
  const { at, count } = vectorAt(walk, table, index, 4);
  for (let item = 0; item < count; item++) yield enter(walk, reference(walk, at + 4 * item), depth);
}

/** References may meet, so that a short header describes a schema of any size. */
const MOST_TABLES = 100_000;
const DEEPEST = 64;
