import { join } from 'node:path';
import type { Passage } from '../example/example.js';
import { readTask } from './readTask.js';
import { stageFile, writeTogether, type StagedFile } from '../files/writeBeside.js';

/** A retrieval task in memory. */
export interface BeirTask {
  /** `image` is the name of a file, relative to the folder. */
  corpus: (Passage & { image?: string })[];
  queries: { id: string; text: string }[];
  /** Query id -> document id -> grade. */
  qrels: Map<string, Map<string, number>>;
}

/**
 * Read a task into memory: its texts must fit there. `readTask` leaves them where they are.
 * @returns only the queries that have judgements, in the order of queries.jsonl
 * @throws UserError naming file and line of what cannot be used
 */
export async function readBeir(folder: string, split: string): Promise<BeirTask> {
  const { corpus, queries, qrels } = await readTask(folder, split);
  const passages: Passage[] = [];
  for await (const shard of corpus.read()) passages.push(...shard.passages);
  return { corpus: passages, queries, qrels };
}

/** Write a task in BEIR layout. Queries and corpus of the folder are replaced; qrels of other splits stay. */
export async function writeBeir(folder: string, split: string, task: BeirTask): Promise<void> {
  const corpus = task.corpus.map(({ id, title, text, image }) => ({ _id: id, title, text, image }));
  const queries = task.queries.map(({ id, text }) => ({ _id: id, text }));
  const rows = [...task.qrels].flatMap(([query, grades]) => [...grades].map(([id, grade]) => [query, id, `${grade}`]));
  await writeTogether([
    () => stageLines(join(folder, 'corpus.jsonl'), corpus, JSON.stringify),
    () => stageLines(join(folder, 'queries.jsonl'), queries, JSON.stringify),
    () => stageLines(join(folder, 'qrels', `${split}.tsv`), [QRELS_HEADER, ...rows], (row) => row.join('\t')),
  ]);
}

const QRELS_HEADER = ['query-id', 'corpus-id', 'score'];

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
