import { createHash } from 'node:crypto';
import { UserError } from '../../configs/userError.js';
import { isBlank } from '../../data/example/row/textOf.js';
import { parseDocument } from '../../data/task/corpus.js';
import { readRows } from '../../data/task/readRows.js';
import type { TextToEncode } from '../encoder/encoder.js';

/** Texts in a file that was read through once. */
export interface ScannedTexts {
  path: string;
  rows: number;
  /** SHA-256, hexadecimal, of all ids, titles and texts in their order. */
  hash: string;
  /** Texts that hold nothing but white space, title included. */
  blank: number;
  /**
   * Read them block by block, from a row on.
   * @throws UserError when they are no longer what they were
   */
  read(blockRows: number, firstRow: number): AsyncGenerator<IdentifiedText[]>;
}

type IdentifiedText = TextToEncode & { id: string };

/**
 * Read through JSON lines with `_id` or `id`, `text` and, for passages, perhaps `title`. One line is in memory at a time.
 * @throws UserError naming the line that cannot be used, or that there is no text at all
 */
export async function scanTexts(path: string): Promise<ScannedTexts> {
  const hash = createHash('sha256');
  let [rows, blank] = [0, 0];
  for await (const text of textsIn(path)) {
    hash.update(recordOf(text));
    rows++;
    if (isBlank(text.title ?? '') && isBlank(text.text)) blank++;
  }
  if (rows === 0) throw new UserError(`${path} holds no texts`);
  const found = hash.digest('hex');
  return { path, rows, blank, hash: found, read: (blockRows, firstRow) => blocksOf(path, blockRows, firstRow, found) };
}

async function* blocksOf(
  path: string,
  blockRows: number,
  firstRow: number,
  expected: string,
): AsyncGenerator<IdentifiedText[]> {
  const hash = createHash('sha256');
  let block: IdentifiedText[] = [];
  let row = 0;
  for await (const text of textsIn(path)) {
    hash.update(recordOf(text));
    if (row++ < firstRow) continue;
    block.push(text);
    if (block.length < blockRows) continue;
    yield block;
    block = [];
  }
  if (hash.digest('hex') !== expected) throw new UserError(`${path} changed while it was encoded; run again`);
  if (block.length > 0) yield block;
}

async function* textsIn(path: string): AsyncGenerator<IdentifiedText> {
  for await (const { place, columns } of readRows([path], ['id', 'text'], 'json')) {
    const row = columns();
    const { title, ...text } = parseDocument(row, place);
    yield row['title'] === undefined || row['title'] === null ? text : { ...text, title };
  }
}

const recordOf = ({ id, title, text }: IdentifiedText) => `${JSON.stringify([id, title, text])}\n`;
