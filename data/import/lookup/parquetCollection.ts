import { open, type FileHandle } from 'node:fs/promises';
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../../configs/userError.js';
import { writeRange } from '../../files/writeRange.js';
import { explainWriteFailure } from '../../files/explainWriteFailure.js';
import { idText } from '../../example/row/idText.js';
import { openParquet } from '../../arrow/parquet.js';
import { openSource } from '../source/openSource.js';
import type { GivenImage } from '../source/givenImages.js';
import { imagesIn, passageOf, type FoundText } from '../source/records.js';
import type { Collection } from './collection.js';
import { createOffsetTable, findEntry, hashOf } from './offsetTable.js';

/**
 * As `openCollection`, for a Parquet file: its rows can only be read in groups, so each is written out beside the output,
 * images as they are, and found there.
 * @param expanded  where that is written; removed by `close`
 */
export async function openParquetCollection(
  path: string,
  expanded: string,
  {
    onReject,
    onBytes,
  }: {
    onReject: (line: number, reason: string, content: string) => void;
    onBytes: (bytes: number) => void;
  },
): Promise<Collection> {
  const source = await openSource(path);
  for await (const _ of source.pieces);
  const { bytes, sha256 } = source.read();
  await source.close();
  onBytes(bytes);
  const table = createOffsetTable();
  const file = await open(expanded, 'w+').catch((error) => {
    throw explainWriteFailure(error, expanded);
  });
  const reader = openSync(expanded, 'r');
  const close = async () => {
    closeSync(reader);
    await file.close();
    rmSync(expanded, { force: true });
  };
  const entryAt = (offset: number) => readEntry(reader, offset);
  try {
    let [line, end] = [0, 0];
    for await (const row of (await openParquet(path)).read(0)) {
      line++;
      const entry = passageOf(row, imagesIn(row, 'image', dirname(path)));
      if (typeof entry === 'string') {
        onReject(line, entry, idText(row['docid'] ?? row['_id']) ?? '');
        continue;
      }
      const written = await writeEntry(file, expanded, end, entry);
      if (!table.add(hashOf(Buffer.from(entry.id)), written.at, (other) => entryAt(other).id === entry.id))
        throw new UserError(`${path}: row ${line} repeats the id ${entry.id}; ids must be unique: remove one of them`);
      ({ end } = written);
    }
    if (table.size() === 0)
      throw new UserError(
        `${path} holds no usable entry; a collection has columns of ids (docid) and of text or image`,
      );
  } catch (error) {
    await close();
    throw error;
  }
  return {
    path,
    size: table.size(),
    bytes,
    sha256,
    find: (id) => findEntry(table, id, entryAt),
    close,
  };
}

type Entry = { id: string } & FoundText;

/** The images, then four bytes of length and the entry as JSON, which says where they lie. @returns where that begins */
async function writeEntry(file: FileHandle, path: string, start: number, entry: Entry) {
  const pieces: Uint8Array[] = [];
  let at = start;
  const images = entry.images?.map(({ bytes, ...image }): GivenImage => {
    if (!bytes) return image;
    const within = { file: path, offset: at, length: bytes.length };
    pieces.push(bytes);
    at += bytes.length;
    return { ...image, within };
  });
  const json = Buffer.from(JSON.stringify({ ...entry, ...(images && { images }) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const all = Buffer.concat([...pieces, length, json]);
  await writeRange(file, all, start).catch((error) => {
    throw explainWriteFailure(error, path);
  });
  return { at, end: start + all.length };
}

function readEntry(file: number, offset: number): Entry {
  const head = Buffer.alloc(4);
  readSync(file, head, 0, 4, offset);
  const json = Buffer.alloc(head.readUInt32LE(0));
  readSync(file, json, 0, json.length, offset + 4);
  return JSON.parse(json.toString()) as Entry;
}
