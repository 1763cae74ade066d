import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suggest } from '../../configs/load/suggest.js';
import { UserError } from '../../configs/userError.js';
import { byPart, isPart, requireWholeSets } from '../files/wholeSet.js';

/** Files that hold a retrieval task, each list in reading order: a table may come in numbered pieces. */
export interface TaskFiles {
  corpus: string[];
  queries: string[];
  qrels: string[];
}

/**
 * Find a task's files. The layouts of BEIR (corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv), of CoIR and mteb on the hub
 * (corpus and queries as Parquet or JSON lines, qrels too, perhaps in a folder data/) and MS MARCO's own files
 * (collection.tsv, queries.SPLIT.tsv, qrels.SPLIT.tsv) are all found by their names.
 * @throws UserError naming what the folder lacks, a piece of a table among it
 */
export function findTaskFiles(folder: string, split: string): TaskFiles {
  requireTaskParts(folder);
  const splits = splitsOf(folder);
  if (!splits.includes(split)) throw new UserError(`task ${folder} has no split ${split}; ${suggest(split, splits)}`);
  const ownQueries = tables(folder, queryFolders, `queries\\.${escaped(split)}`);
  const files = {
    corpus: corpusFiles(folder),
    queries: ownQueries.length > 0 ? ownQueries : tables(folder, queryFolders, 'queries'),
    qrels: judgementFiles(folder, split),
  };
  for (const table of Object.values(files)) requireWholeSets(table);
  return files;
}

/** Whether a folder holds at least one part of a task. */
export const holdsTask = (folder: string): boolean => missingParts(folder).length < 3;

/** @throws UserError naming the parts that a task's folder lacks */
export function requireTaskParts(folder: string): void {
  const missing = missingParts(folder);
  if (missing.length > 0)
    throw new UserError(`${folder} must hold corpus, queries and qrels of a task; it lacks ${missing.join(', ')}`);
}

/** Parts of a task that a folder lacks, by the names they have in BEIR layout. */
export function missingParts(folder: string): string[] {
  const hasQueries = tables(folder, queryFolders, 'queries(\\.[\\w.-]+?)?').length > 0;
  return [
    ...(corpusFiles(folder).length > 0 ? [] : ['corpus.jsonl']),
    ...(hasQueries ? [] : ['queries.jsonl']),
    ...(splitsOf(folder).length > 0 ? [] : ['qrels/test.tsv']),
  ];
}

/** Splits that a task has judgements for, sorted. */
export function splitsOf(folder: string): string[] {
  const named = qrelsPlaces.flatMap(({ inside, before }) =>
    namesIn(join(folder, inside)).flatMap((file) => {
      const split = new RegExp(`^${before}(.+?)${pieces}\\.${qrelsEndings}$`).exec(file)?.[1];
      return split === undefined || /^(corpus|queries)$/.test(split) ? [] : [split];
    }),
  );
  return [...new Set(named)].sort();
}

/** The files of a split's judgements, in reading order; none where it has none. */
export function judgementFiles(folder: string, split: string): string[] {
  for (const { inside, before } of qrelsPlaces) {
    const found = matching(join(folder, inside), `${before}${escaped(split)}${pieces}\\.${qrelsEndings}`);
    if (found.length > 0) return oneForm(found);
  }
  return [];
}

const endings = '(?:jsonl|jsonl\\.gz|tsv|tsv\\.gz|parquet)';
const qrelsEndings = '(?:tsv|jsonl|parquet)';
const pieces = '(?:-\\d+-of-\\d+)?';

const corpusFolders = ['', 'corpus', 'data'];
const queryFolders = ['', 'queries', 'data'];
const qrelsPlaces = [
  { inside: 'qrels', before: '' },
  { inside: 'qrels/data', before: '' },
  { inside: '', before: 'qrels\\.' },
  { inside: 'data', before: '' },
];

const corpusFiles = (folder: string) => tables(folder, corpusFolders, '(?:corpus|collection)');

/** The files of one table in the first folder that has any; of several forms of it the first is taken. */
function tables(folder: string, insides: string[], name: string): string[] {
  for (const inside of insides) {
    const found = matching(join(folder, inside), `${name}${pieces}\\.${endings}`);
    if (found.length > 0) return oneForm(found);
  }
  return [];
}

/** Numbered pieces before a whole table. */
function oneForm(found: string[]): string[] {
  const numbered = found.filter(isPart);
  return numbered.length > 0 ? numbered.sort(byPart) : found.slice(0, 1);
}

function matching(folder: string, pattern: string): string[] {
  const whole = new RegExp(`^${pattern}$`);
  return namesIn(folder)
    .filter((name) => whole.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function namesIn(folder: string): string[] {
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
