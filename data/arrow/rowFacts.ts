import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { homePath } from '../../configs/cli/homePath.js';
import { withBar } from '../../configs/cli/progress.js';
import { UserError } from '../../configs/userError.js';
import { fileIdentity } from '../files/fileIdentity.js';
import { writeBeside } from '../files/writeBeside.js';
import type { ExampleFile } from './openExamples.js';

/** What looking through all rows of a file finds. Rows are counted from 1. */
export interface RowFacts {
  /** Rows that cannot be used, by reason. */
  unusable: { reason: string; rows: number; first: number }[];
  /** Rows that can be used, by their number of negatives. */
  negatives: { count: number; rows: number; first: number }[];
}

/** Where they are kept: by the content of the file. */
const factsRoot = homePath('data/cache/rows');

/** Raised when the rules change. */
const version = 1;

/** Rows that are looked through in well under a second. */
const fewRows = 100_000;

/**
 * Look through all rows of a file. What was found of a large file is kept, so that the next start need not look again.
 * @param largeRows  other than the usual number in tests alone
 * @throws UserError when a record batch is damaged
 */
export async function rowFacts(file: ExampleFile, root = factsRoot, largeRows = fewRows): Promise<RowFacts> {
  if (file.rows < largeRows) return lookThrough(file, () => {});
  const place = join(root, `${await fileIdentity(file.path)}.json`);
  const kept = await readFacts(place);
  if (kept) return kept;
  const facts = await withBar(`checking ${file.path}, rows`, (onRows) =>
    lookThrough(file, (done) => onRows(done, file.rows)),
  );
  // What cannot be kept is looked through again.
  await writeBeside(place, JSON.stringify({ version, ...facts })).catch(() => {});
  return facts;
}

/**
 * Require that every row can be used, before work on any of them.
 * @throws UserError saying how many cannot, and why
 */
export async function requireUsableRows(file: ExampleFile): Promise<RowFacts> {
  const facts = await rowFacts(file);
  const { unusable } = facts;
  if (unusable.length === 0) return facts;
  const all = unusable.reduce((sum, { rows }) => sum + rows, 0);
  const reasons = unusable.map(
    ({ reason, rows, first }) => `row ${first} ${reason}${rows > 1 ? `, as ${rows - 1} more` : ''}`,
  );
  throw new UserError(
    `${file.path}: ${all} of ${file.rows} rows cannot be used: ${reasons.join('; ')}; leave them out when the file is made`,
  );
}

async function lookThrough(file: ExampleFile, onRows: (done: number) => void): Promise<RowFacts> {
  const unusable = new Map<string, RowFacts['unusable'][number]>();
  const negatives = new Map<number, RowFacts['negatives'][number]>();
  let before = 0;
  for (const [batch, rows] of file.batchRows.entries()) {
    const found = await file.count(batch);
    const reasons = new Map(found.unusable.map(({ row, reason }) => [row, reason]));
    for (let row = 0; row < rows; row++) {
      const reason = reasons.get(row);
      const first = before + row + 1;
      if (reason !== undefined) add(unusable, reason, { reason, rows: 1, first });
      else add(negatives, found.negatives[row]!, { count: found.negatives[row]!, rows: 1, first });
    }
    onRows((before += rows));
  }
  return { unusable: [...unusable.values()], negatives: [...negatives.values()] };
}

function add<K, V extends { rows: number }>(counted: Map<K, V>, key: K, first: V): void {
  const entry = counted.get(key);
  if (entry) entry.rows++;
  else counted.set(key, first);
}

/** A record that is missing, damaged or made by other rules is none. */
async function readFacts(place: string): Promise<RowFacts | undefined> {
  try {
    const {
      version: by,
      unusable,
      negatives,
    } = JSON.parse(await readFile(place, 'utf8')) as RowFacts & { version: number };
    if (by === version && Array.isArray(unusable) && Array.isArray(negatives)) return { unusable, negatives };
  } catch {
    // said above
  }
  return undefined;
}
