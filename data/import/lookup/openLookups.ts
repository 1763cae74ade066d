import { UserError } from '../../../configs/userError.js';
import { isParquet } from '../../arrow/parquet.js';
import { openCollection, type Collection } from './collection.js';
import { openParquetCollection } from './parquetCollection.js';
import type { FormatName } from '../source/recogniseFormat.js';
import type { Lookups } from '../source/records.js';

/** Files in which the texts of ids are looked up. */
export interface LookupFiles {
  collection?: string | undefined;
  queries?: string | undefined;
}

/** Which of the two each format needs. */
const NEEDED: Partial<Record<FormatName, (keyof LookupFiles)[]>> = {
  'tevatron-ids': ['collection'],
  'id-triples': ['collection', 'queries'],
  'hard-negatives': ['collection', 'queries'],
};

/** @throws UserError when a format lacks a file that it needs, or one is named that none needs */
export function requireLookups(formats: FormatName[], files: LookupFiles): void {
  for (const format of formats)
    for (const kind of NEEDED[format] ?? [])
      if (files[kind] === undefined)
        throw new UserError(`the rows of ${format} hold ids of ${TEXTS[kind]}; name their file with --${kind}`);
  for (const kind of ['collection', 'queries'] as const)
    if (files[kind] !== undefined && !formats.some((format) => NEEDED[format]?.includes(kind)))
      throw new UserError(`--${kind} has no effect on ${formats.join(', ')}, whose rows hold texts; leave it out`);
}

const TEXTS = { collection: 'passages', queries: 'queries' };

/** Open the files. @param options  as those of `openCollection` */
export async function openLookups(
  files: LookupFiles,
  at: (name: string) => string,
  options: {
    onReject: (file: string, line: number, reason: string, content: string) => void;
    onBytes: (bytes: number) => void;
  },
): Promise<{ lookups: Lookups; opened: Collection[]; close(): Promise<void> }> {
  const opened: Collection[] = [];
  const close = async () => {
    for (const file of opened) await file.close();
  };
  const openOne = async (kind: keyof LookupFiles) => {
    const path = files[kind];
    if (path === undefined) return undefined;
    const openIt = (await isParquet(path)) ? openParquetCollection : openCollection;
    const collection = await openIt(path, at(kind), {
      onReject: (line, reason, content) => options.onReject(path, line, reason, content),
      onBytes: options.onBytes,
    });
    opened.push(collection);
    return collection;
  };
  try {
    const collection = await openOne('collection');
    const queries = await openOne('queries');
    const lookups = { passage: (id: string) => collection!.find(id), query: (id: string) => queries!.find(id) };
    return { lookups, opened, close };
  } catch (error) {
    await close();
    throw error;
  }
}
