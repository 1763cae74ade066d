import { UserError } from '../../configs/userError.js';
import { idText } from '../example/row/idText.js';
import { textOf } from '../example/row/textOf.js';
import { measureImage } from '../image/decodeImage.js';
import type { ImageSource } from '../image/imageSource.js';
import { imagesIn, mayHaveImages } from './imagesIn.js';
import { readRows, type TableRow } from './readRows.js';

/** A passage that may be found. Title and text may be empty. */
export interface CorpusPassage {
  id: string;
  title: string;
  text: string;
  /** That stand with it, where there are any. */
  images?: readonly ImageSource[];
}

/** How titles count: joined with the text as the contract says, or left out as CoIR's own harness does. */
export type TitleUse = 'use' | 'ignore';

/** What the images of a task are to its models: a part of its documents, or left aside. */
export type ImageUse = 'use' | 'ignore';

/** What is read of documents. */
export interface DocumentUse {
  titles: TitleUse;
  /** Read unless said otherwise. */
  images?: ImageUse | undefined;
}

/**
 * Documents or queries of tables, one by one, with their images, which are checked, and what their column `language` says.
 * @throws UserError naming the row and what is wrong with it
 */
export async function* readDocuments(
  files: readonly string[],
  use: DocumentUse,
): AsyncGenerator<CorpusPassage & { location: string; language: unknown }> {
  for await (const row of readRows(files, ['id', 'text'])) {
    const { location } = row;
    const columns = row.columns();
    const document = documentOf({ ...row, columns: () => columns }, use, measureImage);
    // No turn of the event loop for each of millions of texts.
    yield { ...(document instanceof Promise ? await document : document), location, language: columns['language'] };
  }
}

/**
 * A document or query out of a row; a promise of it where it has images.
 * @param check  refuses an encoded image, without its name
 * @throws UserError as `readDocuments`
 */
export function documentOf(
  { location, file, columns }: TableRow,
  { titles, images = 'use' }: DocumentUse,
  check?: (encoded: Uint8Array) => Promise<unknown>,
): CorpusPassage | Promise<CorpusPassage> {
  const row = columns();
  if (!mayHaveImages(row)) return parseDocument(row, location, titles);
  const words = { ...row, text: wordsOf(row) ?? '' };
  if (images === 'ignore') return parseDocument(words, location, titles);
  return imagesIn(row, location, file, check).then((found) =>
    found ? { ...parseDocument(words, location, titles), images: found } : parseDocument(row, location, titles),
  );
}

/** A document or query out of a row. @throws UserError naming the row and what is wrong with it */
function parseDocument(
  row: Record<string, unknown>,
  location: string,
  titles: TitleUse = 'use',
): Omit<CorpusPassage, 'images'> {
  const id = documentId(row, location);
  const [title, text] = [textOf(row['title'] ?? ''), textOf(wordsOf(row))];
  if (title === null) throw new UserError(`${location}: title must be text; got ${shown(row['title'])}`);
  if (text === null) throw new UserError(`${location}: text must be text; got ${shown(wordsOf(row))}`);
  return { id, title: titles === 'use' ? title : '', text };
}

/** The id of a document or query. @throws UserError naming the row that has none, or none that can be used */
export function documentId(row: Record<string, unknown>, location: string): string {
  const given = row['_id'] ?? row['id'] ?? row['corpus-id'] ?? row['corpus_id'] ?? queryId(row);
  const id = idText(given);
  if (given === undefined || given === null) throw new UserError(`${location} must have an _id`);
  if (id === null)
    throw new UserError(`${location}: _id must be a text or a whole number that is exact; got ${shown(given)}`);
  return id;
}

/** The beginning of a value that cannot be used. */
function shown(value: unknown): string {
  if (value instanceof Uint8Array) return 'bytes that are no UTF-8';
  const text = typeof value === 'bigint' ? String(value) : String(JSON.stringify(value));
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** Tables with a column of this name call the text of a query `query`. */
const queryId = (row: Record<string, unknown>): unknown => row['query-id'] ?? row['query_id'];

const wordsOf = (row: Record<string, unknown>): unknown =>
  row['text'] ?? (queryId(row) === undefined ? undefined : row['query']);
