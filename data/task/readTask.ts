import { createHash } from 'node:crypto';
import { UserError } from '../../configs/userError.js';
import type { ImageSource } from '../image/imageSource.js';
import { memoryCorpus, type Corpus } from './corpus.js';
import { readDocuments, type DocumentUse } from './documents.js';
import { openCorpus } from './openCorpus.js';
import { readQrels, type Qrels } from './readQrels.js';
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
  /** That stand with it, where there are any. */
  images?: readonly ImageSource[];
}

/** What is read of a task. */
export interface TaskUse extends DocumentUse {
  /** Queries in this language alone, as their column `language` says; all unless given. */
  language?: string | undefined;
}

/**
 * Open a task in the layout of BEIR, CoIR, mteb or MS MARCO. Judgements of documents that the corpus lacks are kept, as
 * trec_eval keeps them.
 * @throws UserError naming file and line of what cannot be used
 */
export async function readTask(
  folder: string,
  split: string,
  use: TaskUse = { titles: 'use' },
): Promise<RetrievalTask> {
  const files = findTaskFiles(folder, split);
  const qrels = await readQrels(files.qrels);
  const queries = await readQueries(files.queries, qrels, use);
  if (use.language !== undefined) {
    const asked = new Set(queries.map(({ id }) => id));
    for (const id of qrels.keys()) if (!asked.has(id)) qrels.delete(id);
  }
  return { corpus: await openCorpus(files.corpus, use), queries, qrels };
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
    .update(
      JSON.stringify([
        corpus.hash,
        queries.map(({ id, text, images }) => [id, text, ...(images ?? []).map(({ sha256 }) => sha256)]),
        judged,
      ]),
    )
    .digest('hex');
}

/** Judgements of documents that are not in the corpus. */
export function countAbsent({ corpus, qrels }: RetrievalTask): number {
  let absent = 0;
  for (const grades of qrels.values()) for (const id of grades.keys()) if (corpus.ids.rowOf(id) < 0) absent++;
  return absent;
}

async function readQueries(files: readonly string[], qrels: Qrels, use: TaskUse): Promise<Query[]> {
  const queries: Query[] = [];
  const seen = new Set<string>();
  for await (const { location, language, title: _, ...query } of readDocuments(files, use)) {
    const { id } = query;
    if (seen.has(id)) throw new UserError(`${location} repeats the query id ${id}; remove one of them`);
    seen.add(id);
    if (use.language !== undefined && language !== use.language) continue;
    if (qrels.has(id)) queries.push(query);
  }
  if (seen.size === 0) throw new UserError(`${files[0]} is empty; get it again`);
  if (use.language !== undefined && queries.length === 0)
    throw new UserError(
      `${files[0]} has no judged query whose language is ${use.language}; name one as its column language does`,
    );
  const unknown = [...qrels.keys()].find((id) => !seen.has(id));
  if (unknown !== undefined)
    throw new UserError(
      `the judgements name query ${unknown}, which ${files[0]} does not hold; put the two that belong together there`,
    );
  return queries;
}
