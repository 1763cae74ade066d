import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { UserError } from '../../../configs/userError.js';
import { openExamples } from '../../../data/arrow/openExamples.js';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import { fileIdentity } from '../../../data/files/fileIdentity.js';
import { makeFolder } from '../../../data/files/makeFolder.js';
import { writeBeside } from '../../../data/files/writeBeside.js';
import { sourceShowsImages } from '../../../data/import/images/showsImages.js';
import { importExamples } from '../../../data/import/importExamples.js';
import { recogniseFormat } from '../../../data/import/source/recogniseFormat.js';
import { findSources } from './findSources.js';
import { rowKey, rowKeys, type RowKeys } from './rowKeys.js';
import { rowsIn } from './rowsIn.js';

/** The training data of a retraining, ready to train on. */
export interface GatheredData {
  /** Arrow files. */
  files: string[];
  /** What each holds, as `fileIdentity` tells it. */
  identities: string[];
  rows: number;
  /** Rows of sources that were met before, in this source or an earlier one. */
  repeated: number;
  /** Rows of sources that could not be used. */
  rejected: number;
}

/** What is known of an imported source. */
interface Imported {
  rows: number;
  repeated: number;
  rejected: number;
}

/**
 * Find the data that a plan names and import what is new of it: Arrow files are taken as they are, other sources become
 * one Arrow file each, without the rows that an earlier source holds. A source is known by its content: renamed or
 * touched it is the same, changed it is another. What is no longer named is removed from the folder of imports.
 * @param folder  of the plan's imports
 * @param say     told what is imported
 * @returns null when it was interrupted
 * @throws UserError when a source cannot be read, or more rows are unusable than the plan accepts
 */
export async function gatherData(
  { name, data, checks }: Pick<RetrainingPlan, 'name' | 'checks'> & { data: readonly string[] },
  folder: string,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<GatheredData | null> {
  const found = await findSources(name, data);
  const sources = await orderOf(folder, found);
  if (sources.length > 0) await writeOrder(folder, sources);
  const gathered: GatheredData = { files: [], identities: [], rows: 0, repeated: 0, rejected: 0 };
  for (const path of found.filter(isArrow)) await addFile(gathered, path);
  const seen = rowKeys();
  let place = '';
  for (const { path, identity } of sources) {
    place = hashOf(place, identity);
    const imported = await importOnce(path, join(folder, place), checks.mostRejected, seen, say, signal);
    if (imported === null) return null;
    gathered.repeated += imported.repeated;
    gathered.rejected += imported.rejected;
    if (imported.rows > 0) await addFile(gathered, join(folder, `${place}.arrow`));
  }
  await removeOthers(folder, sources);
  if (gathered.rows === 0) throw new UserError(`retraining plan ${name}: its data holds no row to train on`);
  return gathered;
}

/**
 * What gathering finds done and what it would import. Nothing is written.
 * @throws UserError when a source cannot be found
 */
export async function lookAtData(
  { name, data }: Pick<RetrainingPlan, 'name'> & { data: readonly string[] },
  folder: string,
): Promise<{ gathered: GatheredData; toImport: string[] }> {
  const found = await findSources(name, data);
  const gathered: GatheredData = { files: [], identities: [], rows: 0, repeated: 0, rejected: 0 };
  for (const path of found.filter(isArrow)) await addFile(gathered, path);
  const toImport: string[] = [];
  let place = '';
  for (const { path, identity } of await orderOf(folder, found)) {
    place = hashOf(place, identity);
    const known = await knownImport(join(folder, place));
    if (known === undefined) toImport.push(path);
    else if (known.rows > 0) await addFile(gathered, join(folder, `${place}.arrow`));
  }
  return { gathered, toImport };
}

const isArrow = (path: string) => path.endsWith('.arrow');

interface Source {
  path: string;
  identity: string;
}

/**
 * What is to be imported, in the order in which it was first met, so that sources already imported keep their place before
 * new ones; a source that lies there twice counts once.
 */
async function orderOf(folder: string, found: readonly string[]): Promise<Source[]> {
  const byIdentity = new Map<string, string>();
  for (const path of found.filter((one) => !isArrow(one))) {
    const identity = await fileIdentity(path);
    if (!byIdentity.has(identity)) byIdentity.set(identity, path);
  }
  const file = join(folder, orderName);
  const before = (await readRecord<string[]>(file)) ?? [];
  const order = [...new Set([...before.filter((identity) => byIdentity.has(identity)), ...byIdentity.keys()])];
  return order.map((identity) => ({ identity, path: byIdentity.get(identity)! }));
}

async function writeOrder(folder: string, sources: readonly Source[]): Promise<void> {
  await makeFolder(folder);
  await writeBeside(join(folder, orderName), `${JSON.stringify(sources.map(({ identity }) => identity))}\n`);
}

const orderName = 'sources.json';

/** Import a source unless that was done; either way its rows count as seen. @param place  path without an ending */
async function importOnce(
  path: string,
  place: string,
  mostRejected: number,
  seen: RowKeys,
  say: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<Imported | null> {
  const [record, output, raw] = [`${place}.json`, `${place}.arrow`, `${place}.raw.arrow`];
  const known = await knownImport(place);
  if (known !== undefined) {
    if (known.rows > 0) for await (const example of rowsOf(output)) seen.add(rowKey(example));
    return known;
  }
  if (await sourceShowsImages((await recogniseFormat(path)).format, path))
    throw new UserError(
      `${path} has images, and retraining gathers texts alone; import it by npm run data, and name the Arrow file`,
    );
  say(`data    importing ${path}`);
  const summary = await importExamples([path], raw, {
    maxRejects: { share: mostRejected },
    ...(signal && { signal }),
  });
  if (summary === null) return null;
  const writer = await createExampleWriter(output);
  let [rows, repeated] = [0, 0];
  for await (const example of rowsOf(raw)) {
    if (!seen.add(rowKey(example))) repeated++;
    else {
      await writer.write(example);
      rows++;
    }
  }
  await (rows > 0 ? writer.close() : writer.abort());
  const imported = { rows, repeated, rejected: summary.rejected.reduce((sum, { rows: count }) => sum + count, 0) };
  await writeBeside(record, `${JSON.stringify(imported)}\n`);
  await rm(raw, { force: true });
  say(`data    ${rows} new rows of ${path}, ${repeated} known, ${imported.rejected} unusable`);
  return imported;
}

/** What an earlier call recorded. @throws UserError when that is damaged */
async function readRecord<T>(file: string): Promise<T | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    throw new UserError(`${file} is damaged; remove it, and what it tells of is imported again`);
  }
}

/** What is recorded of an import that is whole. @param place  path without an ending */
async function knownImport(place: string): Promise<Imported | undefined> {
  const imported = await readRecord<Imported>(`${place}.json`);
  if (imported === undefined) return undefined;
  return imported.rows === 0 || existsSync(`${place}.arrow`) ? imported : undefined;
}

async function* rowsOf(path: string) {
  const file = await openExamples(path);
  try {
    for (let batch = 0; batch < file.batchRows.length; batch++) yield* await file.read(batch);
  } finally {
    await file.close();
  }
}

async function addFile(gathered: GatheredData, path: string): Promise<void> {
  gathered.rows += await rowsIn(path);
  gathered.files.push(path);
  gathered.identities.push(await fileIdentity(path));
}

/** Remove the imports of sources that are no longer there, and what depended on them. */
async function removeOthers(folder: string, sources: readonly Source[]): Promise<void> {
  if (!existsSync(folder)) return;
  const kept = new Set<string>();
  let place = '';
  for (const { identity } of sources) kept.add((place = hashOf(place, identity)));
  for (const name of await readdir(folder)) {
    const [, key] =
      /^([0-9a-f]{32})\.(?:arrow|json|raw\.arrow(?:\.rejects\.jsonl|\.import)?|raw\.images\.arrow)$/.exec(name) ?? [];
    if (key !== undefined && !kept.has(key)) await rm(join(folder, name), { force: true, recursive: true });
  }
}

const hashOf = (before: string, identity: string) =>
  createHash('sha256').update(`${before}\n${identity}`).digest('hex').slice(0, 32);
