import type { FileHandle } from 'node:fs/promises';
import { CompressionType, Message, RecordBatchReader, type Schema } from 'apache-arrow';
import { UserError } from '../../configs/userError.js';
import { createRangeReader, readRange, type RangeReader } from './readRange.js';

/** Where one message lies in its file: its prefix, header and body, in bytes. */
export interface MessagePlace {
  offset: number;
  length: number;
}

export interface ArrowLayout {
  form: 'file' | 'stream';
  schema: Schema;
  /** The schema as a message, to be put before others. */
  schemaBytes: Uint8Array;
  /** `before`: how many record batches lie before it. */
  dictionaries: (MessagePlace & { id: number; isDelta: boolean; before: number })[];
  batches: (MessagePlace & { rows: number })[];
}

/**
 * Find every message of an Arrow file of either form by reading the message headers alone.
 * Source: Arrow columnar format 1.5, "Encapsulated message format", "IPC streaming format", "IPC file format".
 * @throws UserError when it is no Arrow file, is cut short or damaged, or is compressed
 */
export async function scanArrow(file: FileHandle, path: string): Promise<ArrowLayout> {
  const { size } = await file.stat();
  const read = createRangeReader(file);
  const form = await formOf(read, size, path);
  const dictionaries: ArrowLayout['dictionaries'] = [];
  const batches: ArrowLayout['batches'] = [];
  let schemaBytes: Uint8Array | undefined;
  const [begin, end] = form === 'file' ? [8, await footerStart(read, size, path)] : [0, size];
  for await (const { message, ...place } of messagesOf(read, begin, end, path)) {
    if (message.isRecordBatch()) {
      const { length: rows, compression } = message.header();
      refuseCompression(compression, path);
      batches.push({ ...place, rows });
    } else if (message.isDictionaryBatch()) {
      const { id, isDelta, data } = message.header();
      refuseCompression(data.compression, path);
      dictionaries.push({ ...place, id, isDelta, before: batches.length });
    } else if (message.isSchema() && place.offset === begin) {
      schemaBytes = await readRange(file, begin, place.length);
    } else throw new UserError(`${path} is damaged: unexpected message at byte ${place.offset}`);
  }
  if (form === 'file') schemaBytes ??= await footerSchema(file, path);
  if (schemaBytes === undefined) throw new UserError(`${path} is damaged: its first message is no schema`);
  const schema: Schema = RecordBatchReader.from(schemaBytes).open().schema;
  return { form, schema, schemaBytes, dictionaries, batches };
}

const MAGIC = 'ARROW1';
const CONTINUATION = -1;

async function formOf(read: RangeReader, size: number, path: string): Promise<'file' | 'stream'> {
  const start = await read(0, Math.min(size, 8));
  if (start.toString('latin1').startsWith(MAGIC)) return 'file';
  if (start.length === 8 && start.readInt32LE(0) === CONTINUATION) return 'stream';
  throw new UserError(`${path} is not an Arrow file: it begins with the mark of neither form`);
}

/** First byte of the footer of the file form. */
async function footerStart(read: RangeReader, size: number, path: string): Promise<number> {
  const cut = new UserError(`${path} is cut short: the end mark of an Arrow file is missing; write or copy it again`);
  const tailLength = 4 + MAGIC.length;
  if (size < 8 + tailLength) throw cut;
  const tail = await read(size - tailLength, tailLength);
  if (tail.toString('latin1', 4) !== MAGIC) throw cut;
  const start = size - tailLength - tail.readInt32LE(0);
  if (start < 8 || start > size - tailLength) throw new UserError(`${path} is damaged: its footer cannot be read`);
  return start;
}

/** Every message in [begin, end), up to the end mark. */
async function* messagesOf(
  read: RangeReader,
  begin: number,
  end: number,
  path: string,
): AsyncGenerator<MessagePlace & { message: Message }> {
  for (let offset = begin; offset < end;) {
    const cut = `${path} is cut short: the message at byte ${offset} is incomplete; write or copy it again`;
    if (offset + 8 > end) throw new UserError(cut);
    const prefix = await read(offset, 8);
    const headerLength = prefix.readInt32LE(4);
    if (prefix.readInt32LE(0) !== CONTINUATION || headerLength < 0)
      throw new UserError(`${path} is damaged: no message at byte ${offset}`);
    if (headerLength === 0) {
      // Of streams put one after the other all but the first would be lost without a word.
      if (begin === 0 && offset + 8 < end)
        throw new UserError(`${path} goes on after its end mark at byte ${offset}; give each stream a file of its own`);
      return;
    }
    if (offset + 8 + headerLength > end) throw new UserError(cut);
    const message = decodeHeader(await read(offset + 8, headerLength), offset, path);
    const length = 8 + headerLength + message.bodyLength;
    if (offset + length > end) throw new UserError(cut);
    yield { message, offset, length };
    offset += length;
  }
}

function decodeHeader(bytes: Uint8Array, offset: number, path: string): Message {
  try {
    const message = Message.decode(bytes);
    message.header();
    return message;
  } catch {
    throw new UserError(`${path} is damaged: the message header at byte ${offset} cannot be read`);
  }
}

function refuseCompression(compression: { type: CompressionType } | null, path: string): void {
  if (compression === null) return;
  const kind = CompressionType[compression.type] ?? 'an unknown codec';
  throw new UserError(
    `${path} is compressed with ${kind}, which is not read; write it without compression` +
      ` (pyarrow: IpcWriteOptions(compression=None), pandas: to_feather(compression='uncompressed'))`,
  );
}

/**
 * The schema in the footer of the file form, as a message of its own: apache-arrow 21 writes it nowhere else, while
 * other writers put it before the batches too.
 */
async function footerSchema(file: FileHandle, path: string): Promise<Uint8Array> {
  let header: Uint8Array;
  try {
    const { schema } = await (await RecordBatchReader.from(file)).open();
    header = Message.encode(Message.from(schema));
  } catch {
    throw new UserError(`${path} is damaged: its footer cannot be read`);
  }
  const length = Math.ceil(header.length / 8) * 8;
  const bytes = Buffer.alloc(8 + length);
  bytes.writeInt32LE(CONTINUATION, 0);
  bytes.writeInt32LE(length, 4);
  bytes.set(header, 8);
  return bytes;
}
