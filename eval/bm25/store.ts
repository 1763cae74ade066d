import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Passage } from '../../data/example/example.js';
import type { Corpus } from '../../data/task/corpus.js';
import { replaceFolder } from '../../data/files/writeFolder.js';
import { createAnalyzer } from './analyze.js';
import { mergeRuns } from './merge.js';
import { createRuns } from './termRuns.js';
import { fieldFiles } from './postings.js';
import { homePath } from '../../configs/cli/homePath.js';

/** Where indexes are kept, a folder for each corpus and choice of fields; any of them may be removed at any time. */
export const bm25Root = homePath('data/cache/bm25');

export type FieldChoice = 'flat' | 'multifield';

/** All in the folder of an index. */
const indexFiles = /^(about\.json|(contents|title|text)\.(terms|table|postings|lengths|json))$/;

/** Raised when an index would come out differently. */
const version = 1;

/** Names of the fields, each with an index and statistics of its own. */
export const fieldsOf = (choice: FieldChoice): string[] => (choice === 'flat' ? ['contents'] : ['title', 'text']);

const textOf: Record<string, (passage: Passage) => string> = {
  contents: ({ title, text }) => `${title}\n${text}`,
  title: ({ title }) => title,
  text: ({ text }) => text,
};

/**
 * Index a corpus unless that was done: sorted runs of postings are written while it is read, then merged. Memory holds
 * one run, the terms and a byte a document. An interrupted build leaves nothing behind that would be taken for an index.
 * @param onDocument   told how many documents are indexed
 * @param runPostings  other than the usual number in tests alone
 * @returns            the folder of the index
 * @throws UserError when the disk is full or the corpus cannot be read
 */
export async function ensureBm25Index(
  root: string,
  corpus: Corpus,
  choice: FieldChoice,
  onDocument: (documents: number) => void = () => {},
  runPostings = 8_000_000,
): Promise<string> {
  const folder = join(root, `${corpus.hash.slice(0, 32)}-${choice}-${version}`);
  if (existsSync(folder)) return folder;
  await replaceFolder(folder, indexFiles, async (partial) => {
    const analyze = createAnalyzer();
    const fields = fieldsOf(choice).map((name) => ({
      name,
      runs: createRuns(join(partial, `${name}.run`), runPostings),
      lengths: new Uint32Array(corpus.ids.size),
    }));
    let row = 0;
    for await (const { passages } of corpus.read()) {
      for (const passage of passages) {
        for (const { name, runs, lengths } of fields) {
          const terms = analyze(textOf[name]!(passage));
          lengths[row] = terms.length;
          await runs.add(row, terms);
        }
        if (++row % 1024 === 0) await new Promise(setImmediate); // lets progress and interruption through
      }
      onDocument(row);
    }
    for (const { name, runs, lengths } of fields) {
      const files = await runs.finish();
      await mergeRuns(files, fieldFiles(partial, name), lengths);
      for (const file of files) await rm(file);
    }
    await writeFile(
      join(partial, 'about.json'),
      `${JSON.stringify({ corpus: corpus.hash, choice, documents: row })}\n`,
    );
  });
  return folder;
}
