import type { FileHandle } from 'node:fs/promises';
import { Message, RecordBatchReader, type Schema } from 'apache-arrow';
import { Footer } from 'apache-arrow/ipc/metadata/file';
import { UserError } from '../../../configs/userError.js';
import { createRangeReader, readRange, type RangeReader } from '../../files/read/readRange.js';
import { markUnread, replaceUnread, type UnreadFields } from './unreadFields.js';
import { verifyHeader } from './verifyHeader.js';

/** Where one message lies in its file: its prefix, header and body, in bytes. */
export interface MessagePlace {
  offset: number;
  length: number;
}

export interface ArrowLayout {
  form: 'file' | 'stream';
  /** Columns of types that cannot be decoded are nulls in it, with a mark. */
  schema: Schema;
  unread: UnreadFields;
  /** The schema as a message, to be put before others. */
  schemaBytes: Uint8Array;
  /** `before`: how many record batches lie before it. */
  dictionaries: (MessagePlace & { id: number; isDelta: boolean; before: number })[];
  batches: (MessagePlace & { rows: number })[];
}

/**
 * Find every message of an Arrow file of either form by reading the message headers alone.
 * Source: Arrow columnar format 1.5, "Encapsulated message format", "IPC streaming format", "IPC file format".
 * @throws UserError when it is no Arrow file, is cut short or damaged
 */
export async function scanArrow(file: FileHandle, path: string): Promise<ArrowLayout> {
  const { size } = await file.stat();
  const read = createRangeReader(file);
  const form = await formOf(read, size, path);
  const dictionaries: ArrowLayout['dictionaries'] = [];
  const batches: ArrowLayout['batches'] = [];
  let schemaBytes: Buffer | undefined;
  let unread: UnreadFields | undefined;
  const [begin, end] = form === 'file' ? [8, await footerStart(read, size, path)] : [0, size];
  for await (const { message, ...place } of messagesOf(read, begin, end, path)) {
    if (message.isRecordBatch()) {
      const { length: rows } = message.header();
      if (!(rows >= 0)) throw damaged(path, `the record batch at byte ${place.offset} has ${rows} rows`);
      batches.push({ ...place, rows });
    } else if (message.isDictionaryBatch()) {
      const { id, isDelta } = message.header();
      dictionaries.push({ ...place, id, isDelta, before: batches.length });
    } else if (message.isSchema() && place.offset === begin) {
      schemaBytes = await readRange(file, begin, place.length);
      unread = replaceUnread(schemaBytes.subarray(8), 'message');
    } else throw damaged(path, `unexpected message at byte ${place.offset}`);
  }
  // What became known only while it was written, such as the number of rows, is in the footer alone.
  const inFooter = form === 'file' ? await footerSchema(file, end, size, path) : undefined;
  schemaBytes ??= inFooter && schemaMessage(inFooter.schema);
  unread ??= inFooter?.unread;
  if (schemaBytes === undefined || unread === undefined) throw damaged(path, 'its first message is no schema');
  const schema = inFooter?.schema ?? markUnread(decodeSchema(schemaBytes, path), unread);
  return {
    form,
    schema,
    unread,
    schemaBytes,
    dictionaries: dictionaries.filter(({ id }) => schema.dictionaries.has(id)),
    batches,
  };
}

const MAGIC = 'ARROW1';
const CONTINUATION = -1;
/** Headers and footers are read whole: no damaged length may make them fill the memory. */
const LONGEST_HEADER_BYTES = 2 ** 26;

async function formOf(read: RangeReader, size: number, path: string): Promise<'file' | 'stream'> {
  const start = await read(0, Math.min(size, 8));
  if (start.toString('latin1').startsWith(MAGIC)) return 'file';
  if (start.length === 8 && start.readInt32LE(0) === CONTINUATION) return 'stream';
  if (start.toString('latin1', 0, 4) === 'PAR1')
    throw new UserError(`${path} is a Parquet file; \`npm run data -- import\` brings it into Arrow`);
  throw new UserError(
    `${path} is not an Arrow file: it begins with the mark of neither form; \`npm run data -- import\` makes one`,
  );
}

/** First byte of the footer of the file form. */
async function footerStart(read: RangeReader, size: number, path: string): Promise<number> {
  const cut = new UserError(`${path} is cut short: the end mark of an Arrow file is missing; write or copy it again`);
  const tailLength = 4 + MAGIC.length;
  if (size < 8 + tailLength) throw cut;
  const tail = await read(size - tailLength, tailLength);
  if (tail.toString('latin1', 4) !== MAGIC) throw cut;
  const start = size - tailLength - tail.readInt32LE(0);
  const isTooLong = size - tailLength - start > LONGEST_HEADER_BYTES;
  if (start < 8 || start > size - tailLength || isTooLong) throw damaged(path, 'its footer cannot be read');
  return start;
}

/** Every message in [begin, end), up to the end mark. @throws UserError when one is cut short or damaged */
export async function* messagesOf(
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
    if (prefix.readInt32LE(0) !== CONTINUATION || headerLength < 0 || headerLength > LONGEST_HEADER_BYTES)
      throw damaged(path, `no message at byte ${offset}`);
    if (headerLength === 0) {
      // Of streams put one after the other all but the first would be lost without a word.
      if (begin === 0 && offset + 8 < end)
        throw new UserError(`${path} goes on after its end mark at byte ${offset}; give each stream a file of its own`);
      return;
    }
    if (offset + 8 + headerLength > end) throw new UserError(cut);
    const message = decodeHeader(await read(offset + 8, headerLength), offset, path);
    const length = 8 + headerLength + message.bodyLength;
    if (!(message.bodyLength >= 0)) throw damaged(path, `the message at byte ${offset} has no end`);
    if (offset + length > end) throw new UserError(cut);
    yield { message, offset, length };
    offset += length;
  }
}

function decodeHeader(bytes: Uint8Array, offset: number, path: string): Message {
  try {
    verifyHeader(bytes, 'message');
    if (Message.decode(bytes).isSchema()) {
      bytes = Buffer.from(bytes); // the reader may hold these for others
      replaceUnread(bytes as Buffer, 'message');
    }
    const message = Message.decode(bytes);
    message.header();
    return message;
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${path}: ${error.message}`);
    throw damaged(path, `the message header at byte ${offset} cannot be read`);
  }
}

function decodeSchema(bytes: Uint8Array, path: string): Schema {
  try {
    return RecordBatchReader.from(bytes).open().schema;
  } catch {
    throw damaged(path, 'its schema cannot be read');
  }
}

/** The schema in the footer of the file form. Not every writer puts it before the batches too. */
async function footerSchema(
  file: FileHandle,
  start: number,
  size: number,
  path: string,
): Promise<{ schema: Schema; unread: UnreadFields }> {
  try {
    const footer = await readRange(file, start, size - 4 - MAGIC.length - start);
    verifyHeader(footer, 'footer');
    const unread = replaceUnread(footer, 'footer');
    return { schema: markUnread(Footer.decode(footer).schema, unread), unread };
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${path}: ${error.message}`);
    throw damaged(path, 'its footer cannot be read');
  }
}

/** The schema as a message of its own. */
function schemaMessage(schema: Schema): Buffer {
  const header = Message.encode(Message.from(schema));
  const length = Math.ceil(header.length / 8) * 8;
  const bytes = Buffer.alloc(8 + length);
  bytes.writeInt32LE(CONTINUATION, 0);
  bytes.writeInt32LE(length, 4);
  bytes.set(header, 8);
  return bytes;
}

const damaged = (path: string, how: string) => new UserError(`${path} is damaged: ${how}; write or copy it again`);
