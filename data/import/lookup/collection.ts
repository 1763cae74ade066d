import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../../../configs/userError.js';
import { explainWriteFailure } from '../../files/explainWriteFailure.js';
import { lineBlocks, TOO_LONG } from '../source/lineBlocks.js';
import { createOffsetTable, findEntry, hashOf, type OffsetTable } from './offsetTable.js';
import { openSource } from '../source/openSource.js';
import { passageFrom, type FoundText } from '../source/records.js';

/** Texts that are looked up by id. They stay on the disk; only where each begins is in memory. */
export interface Collection {
  path: string;
  size: number;
  bytes: number;
  sha256: string;
  /** @returns null where no entry has the id; ids are compared byte for byte */
  find(id: string): FoundText | null;
  close(): Promise<void>;
}

/**
 * Read a collection once and remember where its entries are: lines of `id TAB text`, as in MS MARCO, or of JSON with
 * an id (`_id`, `docid`, `id`, `pid`), a text and perhaps a title. Compressed ones are expanded beside the output.
 * @param expanded          where an expanded copy may be written; removed by `close`
 * @param options.onReject  told of each line that cannot be used
 * @param options.onBytes   told how many more bytes of the file have been read
 * @throws UserError when it cannot be read, repeats an id or holds nothing
 */
export async function openCollection(
  path: string,
  expanded: string,
  options: {
    onReject: (line: number, reason: string, content: string) => void;
    onBytes: (bytes: number) => void;
  },
): Promise<Collection> {
  const source = await openSource(path);
  const table = createOffsetTable();
  const isCopied = source.compression !== null;
  const copy = isCopied ? await open(expanded, 'w').catch((error) => fail(error, expanded)) : undefined;
  const plain = isCopied ? expanded : path;
  const folder = dirname(path);
  const file = openSync(plain, 'r');
  const close = async () => {
    closeSync(file);
    await source.close();
    await copy?.close();
    if (isCopied) await rm(expanded, { force: true });
  };
  try {
    let offset = 0;
    let line = 0;
    let told = 0;
    for await (const { bytes, tooLong } of lineBlocks(source.pieces)) {
      if (tooLong !== undefined) {
        options.onReject(++line, TOO_LONG, bytes.toString('utf8', 0, 600));
        if (!isCopied) offset += tooLong;
      } else {
        await copy?.appendFile(bytes).catch((error: unknown) => fail(error, expanded));
        line = addLines(table, bytes, { path, file, offset, line }, options.onReject);
        offset += bytes.length;
      }
      const { bytes: read } = source.read();
      options.onBytes(read - told);
      told = read;
    }
  } catch (error) {
    await close();
    throw error;
  }
  const { bytes, sha256 } = source.read();
  if (table.size() === 0) {
    await close();
    throw new UserError(
      `${path} holds no usable entry; a collection has lines of id TAB text, or JSON with id and text`,
    );
  }
  return {
    path,
    size: table.size(),
    bytes,
    sha256,
    find: (id) => findEntry(table, id, (offset) => parseEntry(readLine(file, offset), folder)),
    close,
  };
}

interface Place {
  path: string;
  file: number;
  /** Of the block's first byte. */
  offset: number;
  /** Lines before the block. */
  line: number;
}

/** @returns the number of lines by then */
function addLines(
  table: OffsetTable,
  bytes: Buffer,
  { path, file, offset, line }: Place,
  onReject: (line: number, reason: string, content: string) => void,
): number {
  for (let from = line === 0 ? markLength(bytes) : 0; from < bytes.length;) {
    const feed = bytes.indexOf(10, from);
    const to = feed < 0 ? bytes.length : feed;
    line++;
    const entryBytes = bytes.subarray(from, to);
    const isEmpty = to - from <= 1 && entryBytes.toString().trim() === '';
    const entry = isEmpty ? null : parseEntry(entryBytes, dirname(path));
    if (typeof entry === 'string') onReject(line, entry, entryBytes.toString('utf8', 0, 600));
    else if (entry !== null) {
      const isSame = (other: number) => {
        const known = parseEntry(readLine(file, other), dirname(path));
        return typeof known !== 'string' && known.id === entry.id;
      };
      if (!table.add(hashOf(Buffer.from(entry.id)), offset + from, isSame))
        throw new UserError(`${path}:${line} repeats the id ${entry.id}; ids must be unique: remove one of the lines`);
    }
    from = to + 1;
  }
  return line;
}

function markLength(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** The entry of a line without its line end, or why it cannot be used. */
function parseEntry(bytes: Buffer, folder: string): ({ id: string } & FoundText) | string {
  if (!isUtf8(bytes)) return 'not UTF-8';
  const line = bytes.toString().replace(/\r$/, '');
  if (line.startsWith('{')) return passageFrom(line, folder);
  const tab = line.indexOf('\t');
  if (tab < 0 || line.includes('\t', tab + 1)) return 'not two columns split by a tab';
  const [id, text] = [line.slice(0, tab), line.slice(tab + 1)];
  if (id === '') return 'empty id';
  return { id, title: '', text };
}

/** The line that begins at an offset, without its line end. */
function readLine(file: number, offset: number): Buffer {
  for (let length = USUAL_LINE_BYTES; ; length *= 8) {
    const buffer = Buffer.allocUnsafe(length);
    const held = buffer.subarray(0, readSync(file, buffer, 0, length, offset));
    const end = held.indexOf(10);
    if (end >= 0 || held.length < length) return held.subarray(0, end < 0 ? held.length : end);
  }
}

const USUAL_LINE_BYTES = 1024;

function fail(error: unknown, path: string): never {
  throw explainWriteFailure(error, path);
}
