import type { Example, Passage } from '../../example/example.js';
import { idText } from '../../example/row/idText.js';
import { parseJson } from '../../example/row/parseJson.js';
import { scoreOf } from '../../example/row/scoreOf.js';
import { isBlank, textOf, whyNoText } from '../../example/row/textOf.js';
import { textId } from '../../example/textId.js';

/** Texts by their ids. */
export interface Lookups {
  passage(id: string): { title: string; text: string } | null;
  query(id: string): { text: string } | null;
}

/** Makes an example of one row, or says in a few words why it cannot; the words are the same for like rows. */
export type RecordParser = (row: Record<string, unknown>, lookups: Lookups) => Example | string;

/**
 * How the rows of each format are read.
 * Source: Tevatron docs/datasets.md and dataset.py for both of its forms; the data set cards of
 * sentence-transformers/msmarco-hard-negatives and its older copy on sbert.net; FlagEmbedding examples/finetune.
 */
export const recordParsers = {
  tevatron(row) {
    const id = idText(row['query_id']);
    if (id === null) return 'query_id missing or no id';
    return assemble(id, row['query'], [row, 'positive_passages'], [row, 'negative_passages'], inlinePassage);
  },
  'tevatron-ids'(row, lookups) {
    const id = idText(row['query_id']);
    if (id === null) return 'query_id missing or no id';
    const query = row['query_text'] ?? row['query'];
    return assemble(id, query, [row, 'positive_document_ids'], [row, 'negative_document_ids'], foundPassage(lookups));
  },
  'hard-negatives'(row, lookups) {
    const id = idText(row['qid']);
    if (id === null) return 'qid missing or no id';
    const query = lookups.query(id);
    if (query === null) return 'qid not among the queries';
    const systems = row['neg'];
    const neg = isRecord(systems) ? distinctIds(Object.values(systems).flat(), row['pos']) : systems;
    return assemble(id, query.text, [row, 'pos'], [{ neg }, 'neg'], foundPassage(lookups));
  },
  triplets(row) {
    const query = row['anchor'] ?? row['query'];
    const positive = 'positive' in row ? textsOf(row['positive']) : undefined;
    const numbered = Object.keys(row).filter((name) => NUMBERED_NEGATIVE.test(name));
    const negative = ('negative' in row ? ['negative'] : numbered).flatMap((name) => textsOf(row[name]));
    return assemble(null, query, [{ positive }, 'positive'], [{ negative }, 'negative'], textPassage);
  },
  'flag-embedding'(row) {
    const wrong = ['pos', 'neg'].find((name) => !hasFitScores(row, name));
    if (wrong !== undefined) return `${wrong}_scores not one number for each ${wrong}`;
    const [pos, neg] = [withScores(row, 'pos'), withScores(row, 'neg')];
    return assemble(null, row['query'], [{ pos }, 'pos'], [{ neg }, 'neg'], scoredPassage);
  },
} satisfies Record<string, RecordParser>;

/** Whether a parser may look at a field of this name: further columns of a table need not be read. */
export const isRecordField = (name: string): boolean => FIELDS.has(name) || NUMBERED_NEGATIVE.test(name);

const FIELDS = new Set([
  ...['query_id', 'qid', 'query', 'query_text', 'anchor'],
  ...['positive_passages', 'positive_document_ids', 'positive', 'pos', 'pos_scores'],
  ...['negative_passages', 'negative_document_ids', 'negative', 'neg', 'neg_scores'],
]);
const NUMBERED_NEGATIVE = /^neg(ative)?_\d+$/;

/** One entry of a collection in JSON, or why it cannot be used. */
export function passageFrom(json: string): { id: string; title: string; text: string } | string {
  const row = parseRecord(json);
  if (typeof row === 'string') return row;
  const id = idText(row['_id'] ?? row['docid'] ?? row['id'] ?? row['pid'] ?? row['query_id'] ?? row['qid']);
  const given = row['text'] ?? row['passage'] ?? row['contents'] ?? row['query'];
  const [text, title] = [textOf(given), textOf(row['title'] ?? '')];
  if (id === null) return 'id missing or no id';
  if (text === null) return whyNoText('text', given);
  return title === null ? 'title that is no text' : { id, title, text };
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

type ItemReader = (item: unknown, name: string) => Passage | string;

function assemble(
  id: string | null,
  asked: unknown,
  positives: [row: Record<string, unknown>, name: string],
  negatives: [row: Record<string, unknown>, name: string],
  read: ItemReader,
): Example | string {
  const query = textOf(asked);
  if (query === null) return whyNoText('query', asked);
  if (isBlank(query)) return 'query empty';
  const found = readList(...positives, read);
  if (typeof found === 'string') return found;
  if (found.length === 0) return `${positives[1]} empty`;
  const others = readList(...negatives, read);
  if (typeof others === 'string') return others;
  return { id: id ?? textId(Buffer.from(query)), query, positives: found, negatives: others };
}

function readList(row: Record<string, unknown>, name: string, read: ItemReader): Passage[] | string {
  const list = row[name];
  if (!Array.isArray(list)) return `${name} missing`;
  const passages: Passage[] = [];
  for (const item of list as unknown[]) {
    const passage = read(item, name);
    if (typeof passage === 'string') return passage;
    if (isBlank(passage.title) && isBlank(passage.text)) return `${name} with an empty passage`;
    passages.push(passage);
  }
  return passages;
}

const inlinePassage: ItemReader = (item, name) => {
  if (!isRecord(item)) return `${name} with something else than a passage`;
  const id = idText(item['docid']);
  const [text, title] = [textOf(item['text']), textOf(item['title'] ?? '')];
  if (id === null) return `${name} with a passage without usable docid`;
  if (text === null) return item['text'] == null ? `${name} with a passage without text` : noText(name, item['text']);
  if (title === null) return `${name} with a title that is no text`;
  return scored({ id, title, text }, item['score'], name);
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
    return scored({ id, title: entry.title, text: entry.text }, score, name);
  };

const textPassage: ItemReader = (item, name) => {
  const text = textOf(item);
  return text === null ? noText(name, item) : { id: '', title: '', text };
};

const scoredPassage: ItemReader = (item, name) => {
  const [given, score] = item as [unknown, unknown];
  const passage = textPassage(given, name);
  return typeof passage === 'string' ? passage : scored(passage, score, name);
};

function noText(name: string, value: unknown): string {
  const isText = typeof value === 'string' || value instanceof Uint8Array;
  return isText ? whyNoText(`${name} with a text`, value) : `${name} with something else than a text`;
}

function scored(passage: Passage, given: unknown, name: string): Passage | string {
  const score = scoreOf(given);
  if (score === null) return `${name} with a score that is no finite number`;
  return score === undefined ? passage : { ...passage, score };
}

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

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
