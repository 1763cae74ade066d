import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../../configs/userError.js';

/** One line of a text file without its line end; `line` counts from 1. */
export interface Line {
  line: number;
  text: string;
}

/**
 * The lines of a UTF-8 file, plain or .gz, one at a time. Only \n and \r\n end a line: node:readline also ends them at
 * U+2028 and U+2029, which JSON strings may hold.
 * @param onBytes  told how many bytes of the file, as it lies on disk, have been read so far
 * @throws UserError when the file is missing, its compressed data is damaged, or a line is no UTF-8
 */
export async function* readLines(path: string, onBytes?: (bytes: number) => void): AsyncGenerator<Line> {
  let begun: Buffer[] = []; // of a line whose end is still to come
  let line = 0;
  const next = (text: string): Line => ({ line: ++line, text: text.endsWith('\r') ? text.slice(0, -1) : text });
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    for await (const chunk of decompressed(file, path)) {
      onBytes?.(file.bytesRead);
      const end = chunk.lastIndexOf(LINE_END);
      if (end < 0) {
        begun.push(chunk);
        continue;
      }
      const lines = Buffer.concat([...begun, chunk.subarray(0, end)]);
      begun = [chunk.subarray(end + 1)];
      for (const text of textsOf(lines, line, path)) yield next(text);
    }
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, path);
  }
  const rest = Buffer.concat(begun);
  if (rest.length > 0) yield* textsOf(rest, line, path).map(next);
}

/** @param before  how many lines of the file come before these */
function textsOf(lines: Buffer, before: number, path: string): string[] {
  if (!isUtf8(lines)) {
    let bad = before;
    for (let from = 0, end = 0; end >= 0; from = end + 1) {
      end = lines.indexOf(LINE_END, from);
      bad++;
      if (!isUtf8(lines.subarray(from, end < 0 ? undefined : end))) break;
    }
    throw new UserError(`${path}:${bad} is not UTF-8; convert the file, as with iconv -t utf-8, or leave the line out`);
  }
  const text = lines.toString('utf8');
  return (before === 0 ? withoutMark(text) : text).split('\n');
}

function decompressed(file: Readable, path: string): AsyncIterable<Buffer> {
  // The callback has nothing to do: an error of the file destroys what is returned, and is thrown where that is read.
  return path.endsWith('.gz') ? pipeline(file, createGunzip(), () => {}) : file;
}

const CHUNK_BYTES = 256 * 1024;
const LINE_END = 0x0a;

const withoutMark = (text: string) => (text.startsWith('\ufeff') ? text.slice(1) : text);

function explain(error: NodeJS.ErrnoException, path: string): Error {
  if (error.code === 'ENOENT') return new UserError(`cannot read ${path}: it does not exist`);
  if (error.code === 'EISDIR') return new UserError(`cannot read ${path}: it is a folder`);
  if (error.code?.startsWith('Z_')) return new UserError(`${path} is damaged or cut short: ${error.message}`);
  return error;
}
