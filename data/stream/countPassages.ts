import { open, type FileHandle } from 'node:fs/promises';
import { CompressionType, DataType, Message, type Field, type Schema } from 'apache-arrow';
import type { RecordBatch } from 'apache-arrow/ipc/metadata/message';
import { UserError } from '../../configs/userError.js';
import { decompressLz4 } from '../arrow/message/lz4.js';
import { matchColumns } from '../arrow/matchColumns.js';
import type { ExampleFile } from '../arrow/openExamples.js';
import { readRange } from '../files/readRange.js';
import { scanArrow, type MessagePlace } from '../arrow/message/scanArrow.js';
import { leaveOutUnread, type UnreadFields } from '../arrow/message/unreadFields.js';
import { decompressZstd, loadZstd } from '../arrow/message/zstd.js';

/** Rows of a file that have too few passages to train as asked. Rows are counted from 1. */
export interface PassageCounts {
  rows: number;
  withoutPositives: RowsFound;
  withoutNegatives: RowsFound;
  /** With some negatives, but fewer than wanted. */
  withFewNegatives: RowsFound;
}

interface RowsFound {
  rows: number;
  first: number;
}

/**
 * Check before training that every row has a positive and a negative. Lists are counted without reading any text, which
 * takes a second for millions of rows; where passages are columns of texts a lacking one is found when it is reached.
 * @param wanted  negatives that a row brings into a pool; one that has fewer brings some more than once
 * @returns what is not as asked and still can be trained
 * @throws UserError when a row lacks positives or negatives
 */
export async function requirePassages(files: ExampleFile[], wanted: number): Promise<string[]> {
  const warnings: string[] = [];
  for (const { path } of files) {
    const counts = await countPassages(path, wanted);
    if (counts === null) continue;
    const { rows, withoutPositives, withoutNegatives, withFewNegatives } = counts;
    const of = (found: RowsFound) => `${path}: ${found.rows} of ${rows} rows, the first is row ${found.first},`;
    if (withoutPositives.rows > 0)
      throw new UserError(`${of(withoutPositives)} have no positives; leave them out when the file is made`);
    if (withoutNegatives.rows > 0)
      throw new UserError(
        `${of(withoutNegatives)} have no negatives; \`npm run data -- mine\` finds some for every query`,
      );
    if (withFewNegatives.rows > 0)
      warnings.push(
        `${of(withFewNegatives)} have fewer than ${wanted} negatives: theirs come more than once in a pool`,
      );
  }
  return warnings;
}

/** @returns null where passages are no lists, or lie in a form that tells nothing without being decoded */
export async function countPassages(path: string, wanted: number): Promise<PassageCounts | null> {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const { schema, unread, batches } = await scanArrow(file, path);
    const places = listPlaces(schema);
    if (places === null) return null;
    const none = () => ({ rows: 0, first: 0 });
    const counts = { rows: 0, withoutPositives: none(), withoutNegatives: none(), withFewNegatives: none() };
    const add = (found: RowsFound) => {
      if (found.rows++ === 0) found.first = counts.rows;
    };
    for (const batch of batches) {
      const [positives, negatives] = await readLengths(file, batch, places, unread);
      for (let row = 0; row < batch.rows; row++) {
        counts.rows++;
        if (positives![row] === 0) add(counts.withoutPositives);
        if (negatives![row] === 0) add(counts.withoutNegatives);
        else if (negatives![row]! < wanted) add(counts.withFewNegatives);
      }
    }
    return counts;
  } catch (error) {
    if (error instanceof UserError) throw error;
    return null; // damage is told when the rows are read
  } finally {
    await file.close();
  }
}

/** Where the offsets of a list column are among the buffers of a batch. */
interface ListPlace {
  buffer: number;
  isLarge: boolean;
}

/** Of positives and negatives. */
function listPlaces(schema: Schema): [ListPlace, ListPlace] | null {
  const match = matchColumns(schema);
  if (typeof match === 'string' || match.positives.length !== 1 || match.negatives.length !== 1) return null;
  const found = new Map<string, ListPlace>();
  let buffer = 0;
  for (const { name, type } of schema.fields) {
    if (DataType.isList(type) || DataType.isLargeList(type))
      found.set(name, { buffer: buffer + 1, isLarge: DataType.isLargeList(type) });
    const buffers = buffersOf(type);
    if (buffers === null) break;
    buffer += buffers;
  }
  const [positives, negatives] = [found.get(match.positives[0]!), found.get(match.negatives[0]!)];
  return positives && negatives ? [positives, negatives] : null;
}

/** How many buffers a column has. Source: Arrow columnar format 1.5, "Buffer listing for each layout". */
function buffersOf(type: DataType): number | null {
  if (DataType.isNull(type)) return 0;
  if (DataType.isDictionary(type)) return 2;
  if (DataType.isUnion(type) || DataType.isMap(type) || DataType.isUtf8View(type) || DataType.isBinaryView(type))
    return null;
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isBinary(type) || DataType.isLargeBinary(type))
    return 3;
  const children = ((type.children ?? []) as Field[]).map((child) => buffersOf(child.type as DataType));
  const own = DataType.isStruct(type) || DataType.isFixedSizeList(type) ? 1 : 2;
  return children.reduce((sum: number | null, count) => (sum === null || count === null ? null : sum + count), own);
}

/** Lengths of the lists of both columns in a batch. */
async function readLengths(
  file: FileHandle,
  { offset, rows }: MessagePlace & { rows: number },
  places: ListPlace[],
  unread: UnreadFields,
) {
  const prefix = await readRange(file, offset, 8);
  const headerBytes = prefix.readInt32LE(4);
  const bytes = await readRange(file, offset + 8, headerBytes);
  leaveOutUnread(bytes, unread);
  const header = Message.decode(bytes).header() as RecordBatch;
  const body = offset + 8 + headerBytes;
  return Promise.all(
    places.map(async ({ buffer, isLarge }) => {
      const { offset: begin, length } = header.buffers[buffer]!;
      const stored = await readRange(file, body + begin, length);
      const bytes = header.compression === null ? stored : await inflate(stored, header.compression.type);
      const at = (row: number) => (isLarge ? Number(bytes.readBigInt64LE(8 * row)) : bytes.readInt32LE(4 * row));
      return Array.from({ length: rows }, (_, row) => at(row + 1) - at(row));
    }),
  );
}

async function inflate(stored: Buffer, type: CompressionType): Promise<Buffer> {
  if (stored.length === 0) return stored;
  const length = Number(stored.readBigInt64LE(0));
  const content = stored.subarray(8);
  if (length < 0) return content; // stored as it was
  if (type === CompressionType.ZSTD) await loadZstd();
  const plain = type === CompressionType.ZSTD ? decompressZstd(content, length) : decompressLz4(content, length);
  return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
}
