import type { Example, Passage } from '../../example/example.js';
import { textId } from '../../example/textId.js';
import { strip } from '../../tokenizer/tokenizeText.js';

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
    const positive = asList(row['positive']);
    const numbered = Object.keys(row).filter((name) => /^neg(ative)?_\d+$/.test(name));
    const negative = 'negative' in row ? asList(row['negative']) : numbered.map((name) => row[name]);
    return assemble(null, query, [{ positive }, 'positive'], [{ negative }, 'negative'], textPassage);
  },
  'flag-embedding'(row) {
    const wrong = ['pos', 'neg'].find((name) => !hasFitScores(row, name));
    if (wrong !== undefined) return `${wrong}_scores not one number for each ${wrong}`;
    const [pos, neg] = [withScores(row, 'pos'), withScores(row, 'neg')];
    return assemble(null, row['query'], [{ pos }, 'pos'], [{ neg }, 'neg'], scoredPassage);
  },
} satisfies Record<string, RecordParser>;

/** One entry of a collection in JSON, or why it cannot be used. */
export function passageFrom(json: string): { id: string; title: string; text: string } | string {
  const row = parseRecord(json);
  if (typeof row === 'string') return row;
  const id = idText(row['_id'] ?? row['docid'] ?? row['id'] ?? row['pid'] ?? row['query_id'] ?? row['qid']);
  const text = row['text'] ?? row['passage'] ?? row['contents'] ?? row['query'];
  const title = row['title'] ?? '';
  if (id === null) return 'id missing or no id';
  if (typeof text !== 'string') return 'text missing';
  if (typeof title !== 'string') return 'title that is no text';
  if (isBroken(title) || isBroken(text)) return BROKEN_TEXT;
  return { id, title, text };
}

/** The object in a line of JSON, or why it cannot be used. */
export function parseRecord(json: string): Record<string, unknown> | string {
  try {
    const row: unknown = JSON.parse(json);
    return isRecord(row) ? row : 'not a JSON object';
  } catch {
    return 'not JSON';
  }
}

/** An id as text, null for what is none: ids are texts or whole numbers. */
export function idText(id: unknown): string | null {
  if (typeof id === 'string') return id === '' || isBroken(id) ? null : id;
  return typeof id === 'bigint' || Number.isSafeInteger(id) ? String(id as number) : null;
}

type ItemReader = (item: unknown, name: string) => Passage | string;

function assemble(
  id: string | null,
  query: unknown,
  positives: [row: Record<string, unknown>, name: string],
  negatives: [row: Record<string, unknown>, name: string],
  read: ItemReader,
): Example | string {
  if (typeof query !== 'string') return 'query missing';
  if (strip(query) === '') return 'query empty';
  if (isBroken(query)) return BROKEN_TEXT;
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
    if (strip(passage.title) === '' && strip(passage.text) === '') return `${name} with an empty passage`;
    if (isBroken(passage.title) || isBroken(passage.text)) return BROKEN_TEXT;
    passages.push(passage);
  }
  return passages;
}

const inlinePassage: ItemReader = (item, name) => {
  if (!isRecord(item)) return `${name} with something else than a passage`;
  const id = idText(item['docid']);
  const title = item['title'] ?? '';
  if (id === null) return `${name} with a passage without usable docid`;
  if (typeof item['text'] !== 'string') return `${name} with a passage without text`;
  if (typeof title !== 'string') return `${name} with a title that is no text`;
  const { score } = item;
  return { id, title, text: item['text'], ...(typeof score === 'number' && { score }) };
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
    return { id, title: entry.title, text: entry.text, ...(typeof score === 'number' && { score }) };
  };

const textPassage: ItemReader = (item, name) =>
  typeof item === 'string' ? { id: '', title: '', text: item } : `${name} with something else than a text`;

const scoredPassage: ItemReader = (item, name) => {
  const [text, score] = item as [unknown, number | undefined];
  if (typeof text !== 'string') return `${name} with something else than a text`;
  return { id: '', title: '', text, ...(score !== undefined && { score }) };
};

/** Whether a list of texts has no scores, or one for each text. */
function hasFitScores(row: Record<string, unknown>, name: string): boolean {
  const [texts, scores] = [row[name], row[`${name}_scores`] ?? []];
  if (!Array.isArray(scores)) return false;
  return (
    scores.length === 0 || (scores.length === (texts as unknown[] | undefined)?.length && scores.every(Number.isFinite))
  );
}

/** Each text of a list with its score, if there are any. */
function withScores(row: Record<string, unknown>, name: string): unknown {
  const [texts, scores] = [row[name], row[`${name}_scores`] ?? []];
  return Array.isArray(texts) ? texts.map((text, place) => [text, (scores as number[])[place]]) : texts;
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

const asList = (value: unknown) =>
  Array.isArray(value) ? (value as unknown[]) : value === undefined ? value : [value];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Half of a surrogate pair, which JSON can say and UTF-8 cannot. */
const isBroken = (text: string) => /\p{Surrogate}/u.test(text);
const BROKEN_TEXT = 'text with half of a surrogate pair, which is no valid Unicode';
