import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../configs/userError.js';

/** One line of a text file without its line end; `line` counts from 1. */
export interface Line {
  line: number;
  text: string;
}

/**
 * The lines of a UTF-8 file, plain or .gz, one at a time. Only \n and \r\n end a line: node:readline also ends them at
 * U+2028 and U+2029, which JSON strings may hold.
 * @param onBytes  told how many bytes of the file, as it lies on disk, have been read so far
 * @throws UserError when the file is missing or its compressed data is damaged
 */
export async function* readLines(path: string, onBytes?: (bytes: number) => void): AsyncGenerator<Line> {
  let rest = '';
  let line = 0;
  const next = (text: string): Line => ({ line: ++line, text: text.endsWith('\r') ? text.slice(0, -1) : text });
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    for await (const chunk of decode(file, path)) {
      onBytes?.(file.bytesRead);
      const pieces = (rest + (line === 0 && rest === '' ? withoutMark(chunk) : chunk)).split('\n');
      rest = pieces.pop()!;
      for (const piece of pieces) yield next(piece);
    }
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, path);
  }
  if (rest !== '') yield next(rest);
}

function decode(file: Readable, path: string): AsyncIterable<string> {
  // The callback has nothing to do: an error of the file destroys what is returned, and is thrown where that is read.
  const bytes = path.endsWith('.gz') ? pipeline(file, createGunzip(), () => {}) : file;
  return bytes.setEncoding('utf8') as AsyncIterable<string>;
}

const CHUNK_BYTES = 256 * 1024;

const withoutMark = (text: string) => (text.startsWith('\ufeff') ? text.slice(1) : text);

function explain(error: NodeJS.ErrnoException, path: string): Error {
  if (error.code === 'ENOENT') return new UserError(`cannot read ${path}: it does not exist`);
  if (error.code === 'EISDIR') return new UserError(`cannot read ${path}: it is a folder`);
  if (error.code?.startsWith('Z_')) return new UserError(`${path} is damaged or cut short: ${error.message}`);
  return error;
}
