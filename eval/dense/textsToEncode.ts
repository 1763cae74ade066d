import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { UserError } from '../../configs/userError.js';
import { isBlank } from '../../data/example/row/textOf.js';
import { measureImage } from '../../data/image/decodeImage.js';
import type { ImageSource } from '../../data/image/imageSource.js';
import { documentOf } from '../../data/task/documents.js';
import { readRows } from '../../data/task/readRows.js';
import type { TextToEncode } from '../encoder/encoder.js';

/** Texts in a file that was read through once. */
export interface ScannedTexts {
  path: string;
  rows: number;
  /** SHA-256, hexadecimal, of all ids, titles, texts and images in their order. */
  hash: string;
  /** Texts that hold nothing but white space, title included, and have no image. */
  blank: number;
  hasImages: boolean;
  /**
   * Read them block by block, from a row on.
   * @throws UserError when they are no longer what they were
   */
  read(blockRows: number, firstRow: number): AsyncGenerator<IdentifiedText[]>;
}

export type IdentifiedText = TextToEncode & { id: string };

/**
 * Read through JSON lines with `_id` or `id`, `text` and, for passages, perhaps `title`; with `image`, a file or a list of
 * files beside the lines' own, `text` may be left out. One line is in memory at a time.
 * @param output  where the embeddings will be written; no image may lie there
 * @throws UserError naming the line that cannot be used and its image, or that there is no text at all
 */
export async function scanTexts(path: string, output: string): Promise<ScannedTexts> {
  const replaced = await stat(output, { bigint: true }).catch(() => null);
  const hash = createHash('sha256');
  let [rows, blank] = [0, 0];
  let hasImages = false;
  for await (const { record, images, title = '', text } of textsIn(path, measureImage)) {
    hash.update(record);
    hasImages ||= images !== undefined;
    if (replaced && images) await requireOthers(images, replaced, output);
    rows++;
    if (!images && isBlank(title) && isBlank(text)) blank++;
  }
  if (rows === 0) throw new UserError(`${path} holds no texts`);
  const found = hash.digest('hex');
  return {
    path,
    rows,
    blank,
    hasImages,
    hash: found,
    read: (blockRows, firstRow) => blocksOf(path, blockRows, firstRow, found),
  };
}

async function requireOthers(images: readonly ImageSource[], replaced: BigIntStats, output: string): Promise<void> {
  for (const { name, file } of images) {
    if (file === undefined) continue; // it lies among the texts
    const { dev, ino } = await stat(file, { bigint: true });
    if (dev === replaced.dev && ino === replaced.ino)
      throw new UserError(`--output ${output} would replace the image ${name}, which is read; name another place`);
  }
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
  for await (const { record, ...text } of textsIn(path)) {
    hash.update(record);
    if (row++ < firstRow) continue;
    block.push(text);
    if (block.length < blockRows) continue;
    yield block;
    block = [];
  }
  if (hash.digest('hex') !== expected) throw new UserError(`${path} changed while it was encoded; run again`);
  if (block.length > 0) yield block;
}

/**
 * Each text, with what it adds to the hash of all.
 * @param check  refuses an encoded image, without its name
 */
async function* textsIn(
  path: string,
  check?: (encoded: Uint8Array) => Promise<unknown>,
): AsyncGenerator<IdentifiedText & { record: string }> {
  for await (const row of readRows([path], ['id', 'text'], 'json')) {
    const columns = row.columns();
    const found = documentOf({ ...row, columns: () => columns }, { titles: 'use' }, check);
    // No turn of the event loop for each of millions of texts.
    const { title, ...text } = found instanceof Promise ? await found : found;
    const isTitled = (columns['title'] ?? null) !== null;
    const images = (text.images ?? []).map(({ sha256 }) => sha256);
    const record = `${JSON.stringify([text.id, isTitled ? title : undefined, text.text, ...images])}\n`;
    yield { ...text, ...(isTitled && { title }), record };
  }
}
