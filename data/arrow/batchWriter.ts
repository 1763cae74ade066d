import { AsyncByteQueue, CompressionType, Message, RecordBatchFileWriter } from 'apache-arrow';
import type { RecordBatch, Schema } from 'apache-arrow';
import { compressZstd, loadZstd } from './message/zstd.js';

/** Writes an Arrow file piece by piece. */
export interface BatchWriter {
  /** @returns the bytes to append */
  write(batch: RecordBatch): Uint8Array[];
  /** @param metadata  of the schema in the footer. @returns the last bytes of the file */
  finish(metadata: Record<string, string>): Uint8Array[];
}

/** Where the messages of record batches lie in a file that is continued. */
export interface BatchPlace {
  offset: number;
  headerLength: number;
  bodyLength: number;
}

/**
 * Begin an Arrow file, or go on with one.
 * @param from         what the file holds already; without it, the first bytes come with the first batch
 * @param compression  of the buffers
 */
export async function createBatchWriter(
  schema: Schema,
  from?: { length: number; batches: BatchPlace[] },
  compression: 'zstd' | 'none' = 'zstd',
): Promise<BatchWriter> {
  if (compression === 'zstd') await loadZstd();
  const emitted = new Emitted();
  const writer = new FileWriter({ compressionType: compression === 'zstd' ? CompressionType.ZSTD : null });
  writer.reset(emitted, schema);
  if (from) {
    emitted.take();
    writer.goOn(from.length, from.batches);
  }
  return {
    write(batch) {
      writer.write(batch);
      return emitted.take();
    },
    finish(metadata) {
      writer.describe(metadata);
      writer.close();
      return emitted.take();
    },
  };
}

/** Takes what the Arrow writer emits, so that it can be put on disk before the next batch is built. */
class Emitted extends AsyncByteQueue {
  private chunks: Uint8Array[] = [];
  override write(chunk: Uint8Array): void {
    this.chunks.push(chunk);
  }
  take(): Uint8Array[] {
    return this.chunks.splice(0);
  }
}

/**
 * apache-arrow 21 leaves out the schema before the batches, which readers of streams need; cannot go on with a file; and
 * writes the compressed length before a buffer where its length without compression belongs.
 */
class FileWriter extends RecordBatchFileWriter {
  goOn(length: number, batches: BatchPlace[]): void {
    this._position = length;
    this._recordBatchBlocks = batches.map(({ offset, headerLength, bodyLength }) => ({
      offset,
      metaDataLength: headerLength,
      bodyLength,
    }));
  }
  describe(metadata: Record<string, string>): void {
    for (const [name, value] of Object.entries(metadata)) this._schema!.metadata.set(name, value);
  }
  protected override _writeSchema(schema: Schema): this {
    return super._writeSchema(schema)._writeMessage(Message.from(schema));
  }
  protected override _compressBodyBuffers(buffers: ArrayBufferView[]) {
    const bufferRegions: { offset: number; length: number }[] = [];
    const written: Uint8Array[] = []; // of each buffer its length, then its content
    let end = 0;
    for (const { buffer, byteOffset, byteLength } of buffers) {
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      const [prefix, content] = byteLength === 0 ? [EMPTY, EMPTY] : compressBuffer(bytes);
      const length = prefix.length + content.length;
      bufferRegions.push({ offset: end, length });
      written.push(prefix, content);
      end += Math.ceil(length / 8) * 8;
    }
    return { byteLength: end, bufferRegions, buffers: written };
  }
}

const EMPTY = new Uint8Array(0);
/** In place of the length where compression would not make the buffer smaller. */
const STORED = -1n;

/** Source: Arrow columnar format 1.5, "Compression". */
function compressBuffer(bytes: Uint8Array): [prefix: Uint8Array, content: Uint8Array] {
  const compressed = compressZstd(bytes);
  const isSmaller = compressed.length < bytes.length;
  const prefix = Buffer.alloc(8);
  prefix.writeBigInt64LE(isSmaller ? BigInt(bytes.length) : STORED);
  return [prefix, isSmaller ? compressed : bytes];
}
