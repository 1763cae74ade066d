import { idText } from '../../example/row/idText.js';
import { parseJson } from '../../example/row/parseJson.js';
import { scoreOf } from '../../example/row/scoreOf.js';
import { isBlank, textOf, whyNoText } from '../../example/row/textOf.js';
import { assemble, noText, scored, withImages, type GivenExample, type ItemReader } from './assemble.js';
import { givenImages, unusable, type GivenImage } from './givenImages.js';
import { imageFields, imageRecordParsers } from './imageRecords.js';
import { isRecord } from './isRecord.js';

/** What is found in a collection. */
export interface FoundText {
  title: string;
  text: string;
  images?: GivenImage[];
}

/** Texts by their ids. */
export interface Lookups {
  passage(id: string): FoundText | null;
  query(id: string): Omit<FoundText, 'title'> | null;
}

type Row = Record<string, unknown>;

/**
 * Makes an example of one row, or says in a few words why it cannot; the words are the same for like rows.
 * @param folder  that paths of images are relative to
 */
export type RecordParser = (row: Record<string, unknown>, lookups: Lookups, folder: string) => GivenExample | string;

/**
 * How the rows of each format are read.
 * Source: Tevatron docs/datasets.md and dataset.py for both of its forms; the data set cards of
 * sentence-transformers/msmarco-hard-negatives and its older copy on sbert.net; FlagEmbedding examples/finetune.
 */
export const recordParsers = {
  tevatron(row: Row, _?: Lookups, folder = '') {
    const id = idText(row['query_id']);
    if (id === null) return 'query_id missing or no id';
    const asked = { text: row['query'], images: imagesIn(row, 'query_image', folder) };
    return assemble(id, asked, [row, 'positive_passages'], [row, 'negative_passages'], inlinePassage(folder));
  },
  'tevatron-ids'(row: Row, lookups: Lookups, folder = '') {
    const id = idText(row['query_id']);
    if (id === null) return 'query_id missing or no id';
    const asked = { text: row['query_text'] ?? row['query'], images: imagesIn(row, 'query_image', folder) };
    return assemble(id, asked, [row, 'positive_document_ids'], [row, 'negative_document_ids'], foundPassage(lookups));
  },
  'hard-negatives'(row, lookups) {
    const id = idText(row['qid']);
    if (id === null) return 'qid missing or no id';
    const query = lookups.query(id);
    if (query === null) return 'qid not among the queries';
    const systems = row['neg'];
    const neg = isRecord(systems) ? distinctIds(Object.values(systems).flat(), row['pos']) : systems;
    return assemble(id, query, [row, 'pos'], [{ neg }, 'neg'], foundPassage(lookups));
  },
  triplets(row: Row, _?: Lookups, folder = '') {
    const asked = { text: row['anchor'] ?? row['query'], images: imagesIn(row, 'query_image', folder) };
    const positive = 'positive' in row ? textsOf(row['positive']) : undefined;
    const numbered = Object.keys(row).filter((name) => NUMBERED_NEGATIVE.test(name));
    const negative = ('negative' in row ? ['negative'] : numbered).flatMap((name) => textsOf(row[name]));
    return assemble(null, asked, [{ positive }, 'positive'], [{ negative }, 'negative'], textOrImage(folder));
  },
  'flag-embedding'(row) {
    const wrong = ['pos', 'neg'].find((name) => !hasFitScores(row, name));
    if (wrong !== undefined) return `${wrong}_scores not one number for each ${wrong}`;
    const [pos, neg] = [withScores(row, 'pos'), withScores(row, 'neg')];
    return assemble(null, { text: row['query'] }, [{ pos }, 'pos'], [{ neg }, 'neg'], scoredPassage);
  },
  ...imageRecordParsers,
} satisfies Record<string, RecordParser>;

/** Whether a parser may look at a field of this name: further columns of a table need not be read. */
export const isRecordField = (name: string): boolean =>
  FIELDS.has(name) || NUMBERED_NEGATIVE.test(name) || imageFields.has(name);

const FIELDS = new Set([
  ...['query_id', 'qid', 'query', 'query_text', 'anchor'],
  ...['positive_passages', 'positive_document_ids', 'positive', 'pos', 'pos_scores'],
  ...['negative_passages', 'negative_document_ids', 'negative', 'neg', 'neg_scores'],
]);
const NUMBERED_NEGATIVE = /^neg(ative)?_\d+$/;

/** One entry of a collection in JSON, or why it cannot be used. @param folder  that paths of images are relative to */
export function passageFrom(json: string, folder = ''): ({ id: string } & FoundText) | string {
  const row = parseRecord(json);
  return typeof row === 'string' ? row : passageOf(row, imagesIn(row, 'image', folder));
}

/** The same of a row of Parquet. @param shown  images, those that the row has, or why they cannot be used */
export function passageOf(
  row: Record<string, unknown>,
  shown: GivenImage[] | string,
): ({ id: string } & FoundText) | string {
  const id = idText(row['_id'] ?? row['docid'] ?? row['id'] ?? row['pid'] ?? row['query_id'] ?? row['qid']);
  const given = row['text'] ?? row['passage'] ?? row['contents'] ?? row['query'];
  const images = typeof shown === 'string' ? [unusable(`entry ${shown}`)] : shown;
  const [text, title] = [textOf(images.length > 0 ? (given ?? '') : given), textOf(row['title'] ?? '')];
  if (id === null) return 'id missing or no id';
  if (text === null) return whyNoText('text', given);
  if (title === null) return 'title that is no text';
  return { id, title, text, ...(images.length > 0 && { images }) };
}

/** The object in a line of JSON, or why it cannot be used. */
export function parseRecord(json: string): Record<string, unknown> | string {
  try {
    const row = parseJson(json);
    return isRecord(row) ? row : 'not a JSON object';
  } catch {
    return 'not JSON';
  }
}

/** The images in a field of a row, or in that of the plural. */
export const imagesIn = (row: Record<string, unknown>, name: string, folder: string) =>
  givenImages(row[name] ?? row[`${name}s`], folder);

const inlinePassage =
  (folder: string): ItemReader =>
  (item, name) => {
    if (!isRecord(item)) return `${name} with something else than a passage`;
    const id = idText(item['docid']);
    const images = imagesIn(item, 'image', folder);
    const isShown = images.length > 0; // also where it says why there is none that can be used
    const [text, title] = [textOf(item['text'] ?? (isShown ? '' : undefined)), textOf(item['title'] ?? '')];
    if (id === null) return `${name} with a passage without usable docid`;
    if (text === null) return item['text'] == null ? `${name} with a passage without text` : noText(name, item['text']);
    if (title === null) return `${name} with a title that is no text`;
    return scored(withImages({ id, title, text }, images, name), item['score'], name);
  };

/** An id, or an object of id and score; the text comes from the collection. */
const foundPassage =
  ({ passage }: Lookups): ItemReader =>
  (item, name) => {
    const [given, score] = isRecord(item) ? [item['pid'] ?? item['docid'], item['ce-score'] ?? item['score']] : [item];
    const id = idText(given);
    if (id === null) return `${name} with something else than an id`;
    const entry = passage(id);
    if (entry === null) return `${name} with an id that is not in the collection`;
    return scored({ id, ...entry }, score, name);
  };

const textPassage: ItemReader = (item, name) => {
  const text = textOf(item);
  return text === null ? noText(name, item) : { id: '', title: '', text };
};

/** A text, an image, or an object with both; a string is a text. */
const textOrImage =
  (folder: string): ItemReader =>
  (item, name) => {
    if (!isRecord(item) && !(item instanceof Uint8Array && textOf(item) === null)) return textPassage(item, name);
    const isDocument = isRecord(item) && ('text' in item || 'image' in item || 'images' in item);
    const text = isDocument ? textOf(item['text'] ?? '') : '';
    if (text === null) return noText(name, (item as Record<string, unknown>)['text']);
    const images = isDocument ? imagesIn(item, 'image', folder) : givenImages(item, folder);
    return withImages({ id: '', title: '', text }, images, name);
  };

const scoredPassage: ItemReader = (item, name) => {
  const [given, score] = item as [unknown, unknown];
  const passage = textPassage(given, name);
  return typeof passage === 'string' ? passage : scored(passage, score, name);
};

/** Whether a list of texts has no scores, or one for each text. */
function hasFitScores(row: Record<string, unknown>, name: string): boolean {
  const [texts, scores] = [row[name], row[`${name}_scores`] ?? []];
  if (!Array.isArray(scores)) return false;
  return (
    scores.length === 0 ||
    (scores.length === (texts as unknown[] | undefined)?.length &&
      scores.every((score) => typeof scoreOf(score) === 'number'))
  );
}

/** Each text of a list with its score, if there are any. */
function withScores(row: Record<string, unknown>, name: string): unknown {
  const [texts, scores] = [row[name], row[`${name}_scores`] ?? []];
  return Array.isArray(texts) ? texts.map((text: unknown, index) => [text, (scores as unknown[])[index]]) : texts;
}

/** What several retrievers found, each passage once, without those known to be relevant. */
function distinctIds(items: unknown[], positives: unknown): unknown[] {
  const idOf = (item: unknown) => idText(isRecord(item) ? item['pid'] : item);
  const seen = new Set(Array.isArray(positives) ? positives.map(idOf) : []);
  return items.filter((item) => {
    const id = idOf(item);
    if (id !== null && seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

/** The texts of a column of lists, or of one that holds a text each: there, null or a blank is none. */
function textsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  const text = textOf(value);
  return value === null || value === undefined || (text !== null && isBlank(text)) ? [] : [value];
}
