import {
  createWalk,
  enter,
  fieldAt,
  reference,
  tableAt,
  tablesAt,
  vectorAt,
  type Table,
  type Walk,
} from './flatbuffer.js';

/**
 * Make sure that a message header or a footer points nowhere outside of itself: decoding one that does could go on for
 * ever or fill the memory. Source: Arrow's Message.fbs, Schema.fbs and File.fbs; "FlatBuffers Internals".
 * @throws when it does
 */
export function verifyHeader(bytes: Uint8Array, kind: 'message' | 'footer'): void {
  const walk = createWalk(bytes);
  const { buffer } = walk;
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
