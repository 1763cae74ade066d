import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Rejected } from '../../example/rejects.js';

/** A file that rows or texts came from. */
export interface SourceRecord {
  path: string;
  sha256: string;
  /** What its rows were taken for; `collection` or `queries` where texts were looked up in it. */
  format: string;
}

/** What a file of training examples says of its making: sources with their hashes, counts, the version that wrote it. */
export function importMetadata(sources: SourceRecord[], rows: number, rejected: Rejected[]): Record<string, string> {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    source: sources.map(({ path }) => basename(path)).join(', '),
    'tercet.version': version,
    'tercet.sources': JSON.stringify(sources),
    'tercet.rows': `${rows}`,
    'tercet.rejects': JSON.stringify(Object.fromEntries(rejected.map(({ reason, rows }) => [reason, rows]))),
  };
}
