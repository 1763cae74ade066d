import type { Field, Schema } from 'apache-arrow';
import { UserError } from '../../../configs/userError.js';
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

/** Fields of types that apache-arrow 21 lacks, and what of each record batch belongs to them. */
export interface UnreadFields {
  /** Place of each in the schema, as the indices of a column, of its child, of the child's child, ... */
  fields: { path: number[]; type: string }[];
  nodes: Range[];
  /** Without the further buffers of views, whose number each batch states in its view counts. */
  buffers: Range[];
  viewCounts: Range[];
}

interface Range {
  from: number;
  count: number;
}

/**
 * Make nulls of the fields in a schema that apache-arrow 21 cannot decode: it refuses the whole schema for one of them,
 * though nobody may ask for the column. Source: Arrow's Schema.fbs and Message.fbs.
 * @param header  of a schema message, or a footer, verified; changed in place
 * @throws UserError naming a column whose buffers cannot be told from those of others
 */
export function replaceUnread(header: Buffer, kind: 'message' | 'footer'): UnreadFields {
  const walk = createWalk(header);
  const schema = tableAt(walk, enter(walk, reference(walk, 0), 0), kind === 'message' ? 2 : 1)!;
  const unread: UnreadFields = { fields: [], nodes: [], buffers: [], viewCounts: [] };
  const columns = [...tablesAt(walk, schema, 1, 0)];
  if (!columns.some((column) => holdsUnread(walk, column))) return unread;
  const at = { nodes: 0, buffers: 0, viewCounts: 0 };
  columns.forEach((column, index) => visit(walk, column, [index], at, unread));
  return unread;
}

/** Take the parts of unread fields out of the header of a record batch, in place; its body stays as it is. */
export function leaveOutUnread(header: Buffer, { nodes, buffers, viewCounts }: UnreadFields): void {
  const walk = createWalk(header);
  const batch = tableAt(walk, enter(walk, reference(walk, 0), 0), 2)!;
  const counts = vectorAt(walk, batch, 4, 8);
  // Views have further buffers, of which each batch says how many.
  const viewBuffers = ({ from, count }: Range) => {
    if (from + count > counts.count) throw new Error(TOO_FEW);
    let sum = 0;
    for (let position = from; position < from + count; position++)
      sum += Number(header.readBigInt64LE(counts.at + 8 * position));
    return sum;
  };
  const allBuffers = buffers.map(({ from, count }, index) => ({
    from: from + viewBuffers({ from: 0, count: viewCounts[index]!.from }),
    count: count + viewBuffers(viewCounts[index]!),
  }));
  removeItems(header, vectorAt(walk, batch, 1, 16), 16, nodes);
  removeItems(header, vectorAt(walk, batch, 2, 16), 16, allBuffers);
  removeItems(header, counts, 8, viewCounts);
}

/** Note at the nulls of a decoded schema what stands in the file. */
export function markUnread(schema: Schema, { fields }: UnreadFields): Schema {
  for (const { path, type } of fields) {
    const [column, ...inner] = path;
    const field = inner.reduce(
      (parent, index) => (parent.type as { children: Field[] }).children[index]!,
      schema.fields[column!]!,
    );
    field.metadata.set(MARK, type);
  }
  return schema;
}

/** The type of a field that is not read. */
export const unreadType = (field: Field): string | undefined => field.metadata.get(MARK);

const TOO_FEW = 'a record batch with fewer parts than its columns have';
const MARK = 'unread type';
const NULL = 1;
const UNION = 14;
const VIEWS = [23, 24];
const UNREAD: Record<number, string> = { 22: 'run_end_encoded', 25: 'list_view', 26: 'large_list_view' };
/** By number of the type. Source: Arrow columnar format 1.5, "Buffer listing for each layout"; Schema.fbs, "union Type". */
const OWN_BUFFERS = [0, 0, 2, 2, 3, 3, 2, 2, 2, 2, 2, 2, 2, 1, 1, 2, 1, 2, 2, 3, 3, 2, 0, 2, 2, 3, 3];

const typeOf = (walk: Walk, field: Table) => walk.buffer[fieldAt(walk, field, 2, 1)] ?? 0;
const isKnown = (type: number) => type < OWN_BUFFERS.length && UNREAD[type] === undefined;

function holdsUnread(walk: Walk, field: Table): boolean {
  return !isKnown(typeOf(walk, field)) || [...tablesAt(walk, field, 5, 0)].some((child) => holdsUnread(walk, child));
}

/** @param at  how many of each come before this field in a record batch; moved on */
function visit(
  walk: Walk,
  field: Table,
  path: number[],
  at: { nodes: number; buffers: number; viewCounts: number },
  unread: UnreadFields,
): void {
  const type = typeOf(walk, field);
  const isDictionary = tableAt(walk, field, 4) !== null;
  if (OWN_BUFFERS[type] === undefined || (isDictionary && holdsUnread(walk, field)))
    throw new UserError(
      `column ${nameOf(walk, field)} is of a type that is unknown here (number ${type}); leave it out when the file is made`,
    );
  const begin = { ...at, nodes: at.nodes + 1 };
  at.nodes++;
  at.buffers += isDictionary ? 2 : OWN_BUFFERS[type] + (isDense(walk, field, type) ? 1 : 0);
  if (VIEWS.includes(type) && !isDictionary) at.viewCounts++;
  const isUnread = !isKnown(type);
  const within = isUnread ? { fields: [], nodes: [], buffers: [], viewCounts: [] } : unread;
  if (!isDictionary)
    [...tablesAt(walk, field, 5, 0)].forEach((child, index) => visit(walk, child, [...path, index], at, within));
  if (!isUnread) return;
  unread.fields.push({ path, type: UNREAD[type]! });
  for (const part of ['nodes', 'buffers', 'viewCounts'] as const)
    unread[part].push({ from: begin[part], count: at[part] - begin[part] });
  walk.buffer[fieldAt(walk, field, 2, 1)] = NULL;
  const children = vectorAt(walk, field, 5, 4);
  if (children.count > 0) walk.buffer.writeUInt32LE(0, children.at - 4);
}

function isDense(walk: Walk, field: Table, type: number): boolean {
  if (type !== UNION) return false;
  const union = tableAt(walk, field, 3)!;
  const mode = fieldAt(walk, union, 0, 2);
  return mode !== 0 && walk.buffer.readInt16LE(mode) === 1;
}

function nameOf(walk: Walk, field: Table): string {
  const { at, count } = vectorAt(walk, field, 0, 1);
  return walk.buffer.toString('utf8', at, at + count);
}

function removeItems(header: Buffer, { at, count }: { at: number; count: number }, bytes: number, ranges: Range[]) {
  let left = count;
  for (const range of [...ranges].reverse()) {
    if (range.count === 0) continue;
    const end = range.from + range.count;
    if (!(range.from >= 0 && range.count > 0 && end <= left)) throw new Error(TOO_FEW);
    header.copyWithin(at + bytes * range.from, at + bytes * end, at + bytes * left);
    left -= range.count;
  }
  if (left < count) header.writeUInt32LE(left, at - 4);
}
