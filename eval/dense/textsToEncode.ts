import { createHash } from 'node:crypto';
import { UserError } from '../../configs/userError.js';
import { readLines } from '../../data/files/readLines.js';
import type { TextToEncode } from '../encoder/encoder.js';

/** Texts in a file that was read through once. */
export interface ScannedTexts {
  path: string;
  rows: number;
  /** SHA-256, hexadecimal, of all ids, titles and texts in their order. */
  hash: string;
  /**
   * Read them block by block, from a row on.
   * @throws UserError when they are no longer what they were
   */
  read(blockRows: number, firstRow: number): AsyncGenerator<IdentifiedText[]>;
}

export type IdentifiedText = TextToEncode & { id: string };

/**
 * Read through JSON lines with `_id` or `id`, `text` and, for passages, perhaps `title`. One line is in memory at a time.
 * @throws UserError naming the line that cannot be used, or that there is no text at all
 */
export async function scanTexts(path: string): Promise<ScannedTexts> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const text of textsIn(path)) {
    hash.update(recordOf(text));
    rows++;
  }
  if (rows === 0) throw new UserError(`${path} holds no texts`);
  const found = hash.digest('hex');
  return { path, rows, hash: found, read: (blockRows, firstRow) => blocksOf(path, blockRows, firstRow, found) };
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
  for await (const { line, text: json } of readLines(path)) {
    if (json.trim() === '') continue;
    const row = parse(json, `${path}:${line}`);
    const id = row['_id'] ?? row['id'];
    const { text, title } = row;
    if ((typeof id !== 'string' && typeof id !== 'number') || typeof text !== 'string')
      throw new UserError(
        `${path}:${line} must have _id (or id) and text; got the fields ${Object.keys(row).join(', ')}`,
      );
    yield { id: String(id), text, ...(typeof title === 'string' && { title }) };
  }
}

const recordOf = ({ id, title, text }: IdentifiedText) => `${JSON.stringify([id, title, text])}\n`;

function parse(json: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new UserError(`${where} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(`${where} must be a JSON object; got ${json.slice(0, 40)}`);
  return value as Record<string, unknown>;
}
