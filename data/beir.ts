import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../configs/userError.js';
import type { Passage } from './example.js';
import { readLines } from './readLines.js';
import { stageFile, writeTogether, type StagedFile } from './writeBeside.js';

/** What a retrieval task is judged on. */
export interface BeirTask {
  corpus: Passage[];
  queries: { id: string; text: string }[];
  /** Query id -> document id -> grade. */
  qrels: Map<string, Map<string, number>>;
}

/**
 * Read a task in BEIR layout: corpus.jsonl, queries.jsonl, qrels/<split>.tsv with or without its header.
 * Source: `GenericDataLoader` of BEIR 2.2.
 * @returns only the queries that have judgements, in the order of queries.jsonl
 * @throws UserError naming file and line of what cannot be used
 */
export async function readBeir(folder: string, split: string): Promise<BeirTask> {
  const qrelsFile = await findQrels(folder, split);
  const corpus = await readDocuments(join(folder, 'corpus.jsonl'), 'document');
  const all = await readDocuments(join(folder, 'queries.jsonl'), 'query');
  const [documentIds, queryIds] = [new Set(corpus.map(({ id }) => id)), new Set(all.map(({ id }) => id))];
  const qrels: BeirTask['qrels'] = new Map();
  for await (const { query, document, grade, place } of judgements(qrelsFile)) {
    if (!queryIds.has(query)) throw new UserError(`${place} judges query ${query}, which queries.jsonl does not hold`);
    if (!documentIds.has(document))
      throw new UserError(`${place} judges document ${document}, which corpus.jsonl does not hold`);
    const grades = qrels.get(query) ?? new Map<string, number>();
    if ((grades.get(document) ?? grade) !== grade)
      throw new UserError(`${place} judges query ${query} and document ${document} again, with another grade`);
    qrels.set(query, grades.set(document, grade));
  }
  if (qrels.size === 0) throw new UserError(`${qrelsFile} holds no judgements`);
  const queries = all.filter(({ id }) => qrels.has(id)).map(({ id, text }) => ({ id, text }));
  return { corpus, queries, qrels };
}

/** Write a task in BEIR layout. Queries and corpus of the folder are replaced; qrels of other splits stay. */
export async function writeBeir(folder: string, split: string, task: BeirTask): Promise<void> {
  const corpus = task.corpus.map(({ id, title, text }) => ({ _id: id, title, text }));
  const queries = task.queries.map(({ id, text }) => ({ _id: id, text }));
  const rows = [...task.qrels].flatMap(([query, grades]) => [...grades].map(([id, grade]) => [query, id, `${grade}`]));
  await writeTogether([
    () => stageLines(join(folder, 'corpus.jsonl'), corpus, JSON.stringify),
    () => stageLines(join(folder, 'queries.jsonl'), queries, JSON.stringify),
    () => stageLines(join(folder, 'qrels', `${split}.tsv`), [QRELS_HEADER, ...rows], (row) => row.join('\t')),
  ]);
}

const QRELS_HEADER = ['query-id', 'corpus-id', 'score'];

async function findQrels(folder: string, split: string): Promise<string> {
  const files = await readdir(join(folder, 'qrels')).catch(() => {
    throw new UserError(`${folder} is no task in BEIR layout: it has no folder qrels`);
  });
  const splits = files.filter((file) => file.endsWith('.tsv')).map((file) => file.slice(0, -'.tsv'.length));
  if (!splits.includes(split))
    throw new UserError(`${folder} has no split ${split}; it has ${splits.sort().join(', ') || 'none'}`);
  return join(folder, 'qrels', `${split}.tsv`);
}

async function readDocuments(path: string, kind: 'document' | 'query'): Promise<Passage[]> {
  const documents: Passage[] = [];
  const seen = new Set<string>();
  for await (const { line, text } of readLines(path)) {
    if (text.trim() === '') continue;
    const document = parseDocument(text, `${path}:${line}`);
    if (seen.has(document.id)) throw new UserError(`${path}:${line} repeats the ${kind} id ${document.id}`);
    seen.add(document.id);
    documents.push(document);
  }
  if (documents.length === 0) throw new UserError(`${path} is empty`);
  return documents;
}

function parseDocument(json: string, place: string): Passage {
  let row: { _id?: unknown; title?: unknown; text?: unknown } | null;
  try {
    row = JSON.parse(json);
  } catch (error) {
    throw new UserError(`${place} is not JSON: ${(error as Error).message}`);
  }
  const id = row?._id;
  const title = row?.title ?? '';
  if (typeof id !== 'string' && typeof id !== 'number') throw new UserError(`${place} must have an _id`);
  if (typeof title !== 'string') throw new UserError(`${place}: title must be text; got ${JSON.stringify(title)}`);
  if (typeof row?.text !== 'string')
    throw new UserError(`${place}: text must be text; got ${JSON.stringify(row?.text)}`);
  return { id: String(id), title, text: row.text };
}

async function* judgements(path: string) {
  for await (const { line, text } of readLines(path)) {
    const place = `${path}:${line}`;
    const cells = text.split('\t');
    if (text.trim() === '' || (line === 1 && QRELS_HEADERS.test(text))) continue;
    const grade = Number(cells[2]);
    if (cells.length !== 3 || cells[2]!.trim() === '' || !Number.isInteger(grade))
      throw new UserError(`${place} must hold query id, document id and a whole grade, split by tabs; got ${text}`);
    yield { query: cells[0]!, document: cells[1]!, grade, place };
  }
}

/** `query-id corpus-id score`, in the spellings that BEIR and CoIR use. */
const QRELS_HEADERS = /^query[-_]id\tcorpus[-_]id\tscore\s*$/;

function stageLines<T>(path: string, items: T[], format: (item: T) => string): Promise<StagedFile> {
  return stageFile(path, async (file) => {
    for (let from = 0; from < items.length; from += LINES_AT_ONCE) {
      const lines = items.slice(from, from + LINES_AT_ONCE).map((item) => `${format(item)}\n`);
      await file.appendFile(lines.join(''));
    }
  });
}

/** A corpus in one string could pass the longest that there is. */
const LINES_AT_ONCE = 1000;
