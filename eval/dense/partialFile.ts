import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeBeside } from '../../data/files/writeBeside.js';
import type { PartialEmbeddings } from '../encoder/encoder.js';

/**
 * The embeddings that an interrupted process left of some texts.
 * @param key  of the texts and all that decides their embeddings
 * @returns none of them where no file is there, or one of other texts, or a damaged one
 */
export async function readPartial(
  file: string,
  key: string,
  rows: number,
  dimensions: number,
): Promise<PartialEmbeddings> {
  const part = { values: new Float32Array(rows * dimensions), isDone: new Uint8Array(rows) };
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  const body = bytes.subarray(hashBytes);
  const isDone = body.subarray(0, rows);
  const rowBytes = 4 * dimensions;
  if (!hashOf(key, body).equals(bytes.subarray(0, hashBytes))) return part;
  if (body.length !== rows + rowBytes * doneRows({ isDone })) return part;
  part.isDone.set(isDone);
  const values = new Uint8Array(part.values.buffer);
  let from = rows;
  isDone.forEach((done, row) => {
    if (!done) return;
    values.set(body.subarray(from, from + rowBytes), row * rowBytes);
    from += rowBytes;
  });
  return part;
}

/** Write what is there of them for another process; nothing where nothing is. */
export async function writePartial(file: string, key: string, { values, isDone }: PartialEmbeddings): Promise<void> {
  if (!isDone.includes(1)) return;
  const rowBytes = values.byteLength / isDone.length;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const rows = [...isDone.keys()].filter((row) => isDone[row]);
  const body = Buffer.concat([isDone, ...rows.map((row) => bytes.subarray(row * rowBytes, (row + 1) * rowBytes))]);
  await writeBeside(file, async (handle) => {
    await handle.writeFile(hashOf(key, body));
    await handle.writeFile(body);
  });
}

/** How many texts have theirs. */
export const doneRows = ({ isDone }: Pick<PartialEmbeddings, 'isDone'>): number =>
  isDone.reduce((count, done) => count + done, 0);

/** Length of a file of so many texts that all have theirs. */
export const partialBytes = (rows: number, dimensions: number): number => hashBytes + rows * (1 + 4 * dimensions);

const hashBytes = 32;
const hashOf = (key: string, body: Uint8Array): Buffer => createHash('sha256').update(`${key}\n`).update(body).digest();
