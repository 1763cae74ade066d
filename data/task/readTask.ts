import { createHash } from 'node:crypto';
import { UserError } from '../../configs/userError.js';
import { memoryCorpus, parseDocument, type Corpus, type TitleUse } from './corpus.js';
import { openCorpus } from './openCorpus.js';
import { readQrels, type Qrels } from './readQrels.js';
import { readRows } from './readRows.js';
import { findTaskFiles } from './taskFiles.js';

/** What a retriever is judged on. */
export interface RetrievalTask {
  corpus: Corpus;
  /** Those with judgements, in the order of their file. */
  queries: Query[];
  qrels: Qrels;
}

interface Query {
  id: string;
  text: string;
}

/**
 * Open a task in the layout of BEIR, CoIR, mteb or MS MARCO. Judgements of documents that the corpus lacks are kept, as
 * trec_eval keeps them.
 * @throws UserError naming file and line of what cannot be used
 */
export async function readTask(folder: string, split: string, titles: TitleUse = 'use'): Promise<RetrievalTask> {
  const files = findTaskFiles(folder, split);
  const qrels = await readQrels(files.qrels);
  const queries = await readQueries(files.queries, qrels);
  return { corpus: await openCorpus(files.corpus, titles), queries, qrels };
}

/** A task whose corpus and texts are not there, enough to score what was ranked elsewhere. */
export async function judgementsAlone(files: readonly string[]): Promise<RetrievalTask> {
  const qrels = await readQrels(files);
  const queries = [...qrels.keys()].map((id) => ({ id, text: '' }));
  return { corpus: memoryCorpus([]), queries, qrels };
}

/** SHA-256, hexadecimal, of all that a task is made of: two models with the same hash were judged on the same. */
export function taskHash({ corpus, queries, qrels }: RetrievalTask): string {
  const rows = [...qrels].flatMap(([query, grades]) =>
    [...grades].map(([document, grade]) => [query, document, grade]),
  );
  const judged = rows.map((row) => JSON.stringify(row)).sort();
  return createHash('sha256')
    .update(JSON.stringify([corpus.hash, queries.map(({ id, text }) => [id, text]), judged]))
    .digest('hex');
}

/** Judgements of documents that are not in the corpus. */
export function countAbsent({ corpus, qrels }: RetrievalTask): number {
  let absent = 0;
  for (const grades of qrels.values()) for (const id of grades.keys()) if (corpus.ids.rowOf(id) < 0) absent++;
  return absent;
}

async function readQueries(files: readonly string[], qrels: Qrels): Promise<Query[]> {
  const queries: Query[] = [];
  const seen = new Set<string>();
  for await (const { location, columns } of readRows(files, ['id', 'text'])) {
    const { id, text } = parseDocument(columns(), location);
    if (seen.has(id)) throw new UserError(`${location} repeats the query id ${id}`);
    seen.add(id);
    if (qrels.has(id)) queries.push({ id, text });
  }
  if (seen.size === 0) throw new UserError(`${files[0]} is empty`);
  const unknown = [...qrels.keys()].find((id) => !seen.has(id));
  if (unknown !== undefined)
    throw new UserError(
      `the judgements name query ${unknown}, which ${files[0]} does not hold; put the two that belong together there`,
    );
  return queries;
}
