import { readFileSync } from 'node:fs';
import { writeBeside } from '../../data/files/writeBeside.js';
import { writeBeir } from '../../data/task/beir.js';
import type { Passage } from '../../data/example/example.js';

interface TevatronRow {
  query_id: string;
  query: string;
  positive_passages: { docid: string; title: string; text: string }[];
}

/** Of so many rows one is held out. Their passages are the ones that are searched for them. */
const heldOutShare = 30;

/**
 * Part training queries: some are held out, by which a recipe is chosen, so that no test is looked at for that.
 * @param file       Tevatron's JSON lines
 * @param trainFile  takes the other lines as they are
 * @param heldOut    folder that takes the task of the held-out queries, in BEIR layout
 */
export async function partSample(file: string, trainFile: string, heldOut: string): Promise<void> {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const corpus = new Map<string, Passage>();
  const queries: { id: string; text: string }[] = [];
  const qrels = new Map<string, Map<string, number>>();
  lines.forEach((line, index) => {
    if (index % heldOutShare !== 0) return;
    const row = JSON.parse(line) as TevatronRow;
    for (const { docid, title, text } of row.positive_passages) corpus.set(docid, { id: docid, title, text });
    queries.push({ id: row.query_id, text: row.query });
    qrels.set(row.query_id, new Map(row.positive_passages.map(({ docid }) => [docid, 1])));
  });
  await writeBeir(heldOut, 'test', { corpus: [...corpus.values()], queries, qrels });
  const kept = lines.filter((_, index) => index % heldOutShare !== 0);
  await writeBeside(trainFile, `${kept.join('\n')}\n`);
}
