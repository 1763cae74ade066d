import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';

/** A task of the table. */
export interface TableTask {
  name: string;
  /** Over its column. */
  title: string;
  metric: string;
}

/** From the smallest on: the first columns are there early. */
const folders = {
  'held-out': { folder: 'held-out', split: 'test', title: 'MS MARCO, 400 queries held out, 424 passages' },
  nfcorpus: { folder: 'beir/nfcorpus', split: 'test', title: 'NFCorpus' },
  scifact: { folder: 'beir/scifact', split: 'test', title: 'SciFact' },
  'cosqa-original': { folder: 'coir/cosqa_beir', split: 'test', title: 'CoSQA, 6,267 functions' },
  'dl19-subset': { folder: 'msmarco/dl1920_subset_beir', split: 'dl19', title: 'TREC DL 2019, 30,005 passages' },
  'dl20-subset': { folder: 'msmarco/dl1920_subset_beir', split: 'dl20', title: 'TREC DL 2020, 30,005 passages' },
};

export const tableTasks: readonly TableTask[] = Object.entries(folders).map(([name, { title }]) => {
  return { name, title, metric: 'ndcg@10' };
});

/** Write a task file for each, as `--tasks` takes them. @param work  holds the queries held out @param data  all other tasks */
export function writeTaskFiles(work: string, data: string): void {
  mkdirSync(work, { recursive: true });
  for (const [name, { folder, split }] of Object.entries(folders))
    writeFileSync(
      join(work, `${name}.yaml`),
      // BEIR and Anserini leave out the document with the query's own id.
      stringify({
        folder: resolve(name === 'held-out' ? work : data, folder),
        split,
        ignoreIdenticalIds: folder.startsWith('beir'),
      }),
    );
}
