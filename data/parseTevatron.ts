import type { Example, Passage } from './example.js';
import { strip } from './tokenizeText.js';

/**
 * One row of Tevatron's inline training format: query_id, query, positive_passages, negative_passages, the passages
 * with docid, title and text. Source: Tevatron docs/datasets.md.
 * @returns the example, or in a few words why the row cannot be used; the words are the same for like rows
 */
export function parseTevatron(json: string): Example | string {
  let row: unknown;
  try {
    row = JSON.parse(json);
  } catch {
    return 'not JSON';
  }
  if (!isRecord(row)) return 'not a JSON object';
  const id = idText(row['query_id']);
  if (id === null) return 'query_id missing or no id';
  if (typeof row['query'] !== 'string') return 'query missing';
  if (strip(row['query']) === '') return 'query empty';
  const positives = parsePassages(row['positive_passages'], 'positive_passages');
  if (typeof positives === 'string') return positives;
  if (positives.length === 0) return 'positive_passages empty';
  const negatives = parsePassages(row['negative_passages'], 'negative_passages');
  if (typeof negatives === 'string') return negatives;
  return { id, query: row['query'], positives, negatives };
}

function parsePassages(list: unknown, name: string): Passage[] | string {
  if (!Array.isArray(list)) return `${name} missing`;
  const passages: Passage[] = [];
  for (const item of list as unknown[]) {
    if (!isRecord(item)) return `${name} with something else than a passage`;
    const id = idText(item['docid']);
    const title = item['title'] ?? '';
    if (id === null) return `${name} with a passage without usable docid`;
    if (typeof item['text'] !== 'string') return `${name} with a passage without text`;
    if (typeof title !== 'string') return `${name} with a title that is no text`;
    if (strip(title) === '' && strip(item['text']) === '') return `${name} with an empty passage`;
    passages.push({ id, title, text: item['text'] });
  }
  return passages;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const idText = (id: unknown) =>
  (typeof id === 'string' && id !== '') || Number.isSafeInteger(id) ? String(id as string | number) : null;
