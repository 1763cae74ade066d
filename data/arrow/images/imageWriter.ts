import { open } from 'node:fs/promises';
import { Binary, Int32, makeData, RecordBatch, Struct, Utf8 } from 'apache-arrow';
import { writeRange } from '../../files/writeRange.js';
import { batchesIn } from '../batchesIn.js';
import { createBatchWriter } from '../batchWriter.js';
import { addBytes, addText, createTextColumn, type TextColumn } from '../textColumn.js';
import { imageSchema, type ImageFacts, type ImageKeeping } from './imageSchema.js';

/** An image to be kept. */
export interface NewImage extends ImageFacts {
  bytes: Uint8Array;
  /** Its own file, where it has one. */
  path?: string | undefined;
}

/** Writes a file of images. Where record batches end depends on the images and on the calls of `flush`, on nothing else. */
export interface ImageWriter {
  add(image: NewImage): Promise<void>;
  /** End the record batch. */
  flush(): Promise<void>;
  /** Put all that was flushed on the disk. @returns the length of the file */
  sync(): Promise<number>;
  /** End the file; it is on the disk then. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** A record batch ends at this size: images of any number then stay far from what Arrow's offsets can say. */
const batchBytes = 2 ** 26;

/** Begin a file of images, or go on with one. @param length  of the file that it goes on with, 0 for a new one */
export async function createImageWriter(path: string, keeping: ImageKeeping, length: number): Promise<ImageWriter> {
  const schema = imageSchema(keeping);
  const from = length === 0 ? undefined : { length, batches: await batchesIn(path, length) };
  const writer = await createBatchWriter(schema, from, 'none');
  const file = await open(path, length === 0 ? 'w' : 'r+');
  await file.truncate(length);
  let waiting = emptyColumns();
  let end = length;
  const append = async (chunks: Uint8Array[]) => {
    for (const chunk of chunks) {
      await writeRange(file, chunk, end);
      end += chunk.length;
    }
  };
  const flush = async () => {
    if (waiting.heights.length === 0) return;
    const columns = waiting;
    waiting = emptyColumns();
    const children = [
      texts(columns.hashes),
      ...(keeping === 'copy' ? [binary(columns.content)] : [texts(columns.content), integers(columns.sizes)]),
      texts(columns.formats),
      integers(columns.heights),
      integers(columns.widths),
    ];
    const rows = columns.heights.length;
    const data = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children });
    await append(writer.write(new RecordBatch(schema, data)));
  };
  return {
    async add({ sha256, format, height, width, bytes, path: own }) {
      const columns = waiting;
      addText(columns.hashes, sha256);
      if (keeping === 'link') addText(columns.content, own!);
      else addBytes(columns.content, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
      columns.sizes.push(bytes.length);
      addText(columns.formats, format);
      columns.heights.push(height);
      columns.widths.push(width);
      if (columns.content.used >= batchBytes) await flush();
    },
    flush,
    async sync() {
      await file.datasync();
      return end;
    },
    async finish() {
      await flush();
      await append(writer.finish({}));
      await file.datasync();
    },
    close: () => file.close(),
  };
}

const emptyColumns = () => ({
  hashes: createTextColumn(0, 64),
  content: createTextColumn(0, 64),
  formats: createTextColumn(0, 64),
  sizes: [] as number[],
  heights: [] as number[],
  widths: [] as number[],
});

const buffers = ({ bytes, used, offsets, count }: TextColumn) => ({
  length: count,
  nullCount: 0,
  valueOffsets: offsets.subarray(0, count + 1),
  data: bytes.subarray(0, used),
});

const texts = (column: TextColumn) => makeData({ type: new Utf8(), ...buffers(column) });
const binary = (column: TextColumn) => makeData({ type: new Binary(), ...buffers(column) });
const integers = (values: number[]) =>
  makeData({ type: new Int32(), length: values.length, nullCount: 0, data: Int32Array.from(values) });
