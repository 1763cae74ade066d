import { CompressionType, Message } from 'apache-arrow';
import { BufferRegion, DictionaryBatch, RecordBatch } from 'apache-arrow/ipc/metadata/message';
import { decompressLz4 } from './lz4.js';
import { leaveOutUnread, type UnreadFields } from './unreadFields.js';
import { verifyHeader } from './verifyHeader.js';
import { decompressZstd, loadZstd } from './zstd.js';

/**
 * A message of a record batch or dictionary with its buffers uncompressed; one without compression as it is.
 * @param bytes   prefix, header and body
 * @param unread  what is taken out of a record batch before, in place
 * @throws when a buffer lies outside of the body, is damaged, or would be larger than a batch may be
 */
export async function inflateMessage(bytes: Buffer, unread?: UnreadFields): Promise<Uint8Array> {
  const headerLength = bytes.readInt32LE(4);
  verifyHeader(bytes.subarray(8, 8 + headerLength), 'message'); // it may have changed since it was scanned
  if (unread) leaveOutUnread(bytes.subarray(8, 8 + headerLength), unread);
  const header = Message.decode(bytes.subarray(8, 8 + headerLength)).header() as RecordBatch | DictionaryBatch;
  const batch = header instanceof DictionaryBatch ? header.data : header;
  const body = bytes.subarray(8 + headerLength);
  for (const { offset, length } of batch.buffers)
    if (!(offset >= 0 && length >= 0 && offset + length <= body.length))
      throw new Error('a buffer lies outside of its record batch');
  if (batch.compression === null) return bytes;

  const { type } = batch.compression;
  if (type === CompressionType.ZSTD) await loadZstd();
  else if (type !== CompressionType.LZ4_FRAME) throw new Error(`unknown compression ${type as number}`);
  const buffers = inflateBuffers(batch.buffers, body, type);
  let end = 0;
  const regions = buffers.map(({ length }) => {
    const region = new BufferRegion(end, length);
    end += padded(length);
    return region;
  });
  const plain = new RecordBatch(batch.length, batch.nodes, regions, null, batch.variadicBufferCounts);
  const rewritten = headerOf(
    header instanceof DictionaryBatch ? new DictionaryBatch(plain, header.id, header.isDelta) : plain,
    end,
  );
  const inflated = Buffer.alloc(rewritten.length + end);
  inflated.set(rewritten);
  buffers.forEach((buffer, index) => inflated.set(buffer, rewritten.length + regions[index]!.offset));
  return inflated;
}

/** A batch is held in memory several times over while it is decoded. */
const LARGEST_BATCH_BYTES = 2 ** 30;
/** Written in place of its length before a buffer that compression would not have made smaller. */
const LENGTH_OF_STORED = -1n;

function inflateBuffers(regions: BufferRegion[], body: Buffer, type: CompressionType): Uint8Array[] {
  let total = 0;
  return regions.map(({ offset, length }) => {
    if (length === 0) return new Uint8Array(0);
    if (length < 8) throw new Error('a compressed buffer is cut short');
    const declared = body.readBigInt64LE(offset);
    const content = body.subarray(offset + 8, offset + length);
    if (declared === LENGTH_OF_STORED) return content;
    total += Number(declared);
    if (declared < 0n || total > LARGEST_BATCH_BYTES)
      throw new Error(`a record batch of more than ${LARGEST_BATCH_BYTES / 2 ** 20} MB; write smaller ones`);
    const inflate = type === CompressionType.ZSTD ? decompressZstd : decompressLz4;
    return declared === 0n ? new Uint8Array(0) : inflate(content, Number(declared));
  });
}

/** A message without its body. */
function headerOf(header: RecordBatch | DictionaryBatch, bodyLength: number): Buffer {
  const encoded = Message.encode(Message.from(header, bodyLength));
  const prefixed = Buffer.alloc(8 + padded(encoded.length));
  prefixed.writeInt32LE(-1, 0);
  prefixed.writeInt32LE(prefixed.length - 8, 4);
  prefixed.set(encoded, 8);
  return prefixed;
}

const padded = (length: number) => Math.ceil(length / 8) * 8;
