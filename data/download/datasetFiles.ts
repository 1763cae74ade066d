import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileNameOf, type Dataset, type HubSource, type WebSource } from '../../configs/load/datasetFile.js';
import { UserError } from '../../configs/userError.js';
import { requireWholeSets } from '../files/wholeSet.js';
import { filesBelow } from '../files/filesBelow.js';
import type { ExpectedHash } from './web/fetchFile.js';
import type { Unpacking } from './archive/unpackSource.js';

/** A file of a data set on the Hugging Face hub. */
export interface HubDatasetFile {
  name: string;
  bytes: number;
  hash: ExpectedHash;
  url: string;
  headers: Record<string, string>;
}

/** Asks the hub which files a data set holds. */
export type ListHub = (id: string, revision: string) => Promise<HubDatasetFile[]>;

/** One file that a data set is made of. */
export interface DatasetFile {
  /** Relative to the folder that `downloadsFolder` names. */
  name: string;
  /** Absent for a file of the hub that somebody put there by hand. */
  url?: string;
  headers: Record<string, string>;
  bytes?: number;
  hash?: ExpectedHash;
  unpacking: Unpacking;
}

/** Where files wait for being unpacked; users may put there what they fetched by other ways. */
export const downloadsFolder = (root: string, dataset: string) => join(root, 'downloads', dataset);

/**
 * The files to fetch for a data set. The hub is asked only for what was not put there by hand.
 * @param mirror  base URL under which a file lies by host and path, as `wget --force-directories` leaves it
 */
export async function listDatasetFiles(
  { name, sources }: Dataset,
  root: string,
  listHub: ListHub,
  mirror?: string,
): Promise<DatasetFile[]> {
  const files: DatasetFile[] = [];
  for (const source of sources)
    if ('url' in source) files.push(webFile(source, mirror));
    else files.push(...(await hubFiles(source, downloadsFolder(root, name), listHub)));
  return files;
}

/** How to get a data set's files without this command, in one line. */
export function byHand({ name, sources }: Dataset, root: string): string {
  const folder = downloadsFolder(root, name);
  const urls = sources.flatMap((source) => ('url' in source ? [source.url] : []));
  const ids = sources.flatMap((source) => ('hub' in source ? [source.hub] : []));
  return [
    ...(urls.length > 0 ? [`put ${urls.join(' and ')} into ${folder}`] : []),
    ...ids.map(
      (id) => `run elsewhere: hf download --repo-type dataset ${id} --local-dir ${join(folder, basename(id))}`,
    ),
  ].join('; ');
}

function webFile({ url, headers, bytes, md5, inside, take, as }: WebSource, mirror: string | undefined): DatasetFile {
  const { host, pathname, search } = new URL(url);
  return {
    name: fileNameOf(url),
    url: mirror === undefined ? url : `${mirror.replace(/\/+$/, '')}/${host}${pathname}${search}`,
    headers,
    ...(bytes !== undefined && { bytes }),
    ...(md5 !== undefined && { hash: { algorithm: 'md5', hex: md5 } }),
    unpacking: { inside, take, as },
  };
}

async function hubFiles(source: HubSource, folder: string, listHub: ListHub): Promise<DatasetFile[]> {
  const repository = basename(source.hub);
  const there = join(folder, repository);
  const putThere = existsSync(there) ? wantedOf(source, await filesBelow(there)) : [];
  if (putThere.length > 0) {
    requireAll(source, putThere, there);
    return putThere.map(({ name, target }) => ({
      name: `${repository}/${name}`,
      headers: {},
      unpacking: { as: target },
    }));
  }
  const listed = await listHub(source.hub, source.revision);
  const wanted = wantedOf(
    source,
    listed.map(({ name }) => name),
  );
  requireAll(source, wanted, `${source.hub} on the hub`);
  return wanted.map(({ name, target }) => {
    const { bytes, hash, url, headers } = listed.find((file) => file.name === name)!;
    return { name: `${repository}/${name}`, url, headers, bytes, hash, unpacking: { as: target } };
  });
}

interface Wanted {
  name: string;
  /** What it becomes in the data set's folder. */
  target: string;
  /** Of the table that it is, or is a piece of. */
  table?: string;
  pieces?: number;
}

/**
 * Tables on the hub are named `data/corpus-00000-of-00002-0123456789abcdef.parquet`, newer ones without the hash; those of
 * a split `corpus/test-00000-of-00002.parquet`.
 */
function wantedOf({ take, tables, split, to }: HubSource, names: string[]): Wanted[] {
  const become = namesOf(tables);
  if (take) return names.filter((name) => name in take).map((name) => ({ name, target: take[name]! }));
  return names.flatMap((name) => {
    const named = /^(?:([\w-]+)\/)?(\w+?)(-\d+-of-(\d+))?(?:-[0-9a-f]{16})?\.parquet$/.exec(name);
    if (!named) return [];
    const [, folder, file, piece, of] = named;
    const table = become.get((split === undefined ? file : folder) ?? '');
    const isThere = split === undefined ? folder === undefined || folder === 'data' : file === split;
    if (!isThere || table === undefined) return [];
    const target = join(to ?? '', `${targetOf(table, split)}${piece ?? ''}.parquet`);
    return [{ name, target, table, pieces: Number(of ?? 1) }];
  });
}

/** What tables become, by their names on the hub. */
const namesOf = (tables: HubSource['tables'] = []) =>
  new Map(Array.isArray(tables) ? tables.map((table) => [table, table]) : Object.entries(tables));

/** Judgements bear the name of their split. */
const targetOf = (table: string, split: string | undefined) =>
  split !== undefined && table === 'qrels' ? join('qrels', split) : table;

function requireAll({ take, tables }: HubSource, wanted: Wanted[], where: string): void {
  for (const name of Object.keys(take ?? {}))
    if (!wanted.some((file) => file.name === name)) throw new UserError(`${where} lacks ${name}`);
  for (const [named, table] of namesOf(tables)) {
    const pieces = wanted.filter((file) => file.table === table);
    if (pieces.length === 0 || pieces.length !== pieces[0]!.pieces)
      throw new UserError(`${where} lacks ${pieces.length === 0 ? '' : 'pieces of '}the table ${named} as Parquet`);
    requireWholeSets(pieces.map(({ target }) => target));
  }
}
