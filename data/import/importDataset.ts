import { open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Dataset } from '../../configs/load/datasetFile.js';
import { UserError } from '../../configs/userError.js';
import { withLock } from '../../setup/lock/lock.mjs';
import { scanArrow } from '../arrow/message/scanArrow.js';
import { importedName } from '../download/datasetState.js';
import { contentHash } from '../files/contentHash.js';
import { makeFolder } from '../files/makeFolder.js';
import { importExamples, type ImportOptions } from './importExamples.js';
import { beirFiles } from './lookup/beirJudgements.js';
import { recogniseFormat } from './source/recogniseFormat.js';
import type { SourceRecord } from './write/importMetadata.js';

/** A data set that can be trained on. */
export type TrainingDataset = Dataset & { import: NonNullable<Dataset['import']> };

/** Where a data set lies as training data. */
export const importedFile = ({ folder }: Dataset, root: string) => join(root, folder, importedName);

/** Whether a data set was imported from the very files that are there: each is known by every byte of it. */
export async function isImported(dataset: TrainingDataset, root: string): Promise<boolean> {
  const recorded = await recordedHashes(importedFile(dataset, root));
  if (!recorded) return false;
  for (const path of await sourcesOf(dataset, root))
    if (!recorded.delete(await contentHash(path).catch(() => ''))) return false;
  return recorded.size === 0;
}

/** Bytes of the files that a data set is imported from, as far as they are here. */
export async function importBytes({ import: { files } }: TrainingDataset, root: string): Promise<number> {
  const sizes = await Promise.all(files.map((file) => stat(join(root, file)).catch(() => undefined)));
  return sizes.reduce((sum, found) => sum + (found?.isFile() ? found.size : 0), 0);
}

export interface DatasetImportOptions extends Pick<ImportOptions, 'signal' | 'onSources' | 'onBytes' | 'saveEveryMs'> {
  say: (line: string) => void;
}

/**
 * Import a data set that is there, unless it was; one that was interrupted goes on at its row. Processes that want the
 * same one wait for one another.
 * @returns false when it was interrupted
 */
export async function importDataset(
  dataset: TrainingDataset,
  root: string,
  { say, ...options }: DatasetImportOptions,
): Promise<boolean> {
  const { files, collection, queries } = dataset.import;
  const under = (path: string | undefined) => (path === undefined ? undefined : join(root, path));
  const lock = join(root, 'downloads', '.locks', `${dataset.name}.import`);
  await makeFolder(dirname(lock));
  return withLock(
    lock,
    (holder) => say(`waiting for ${holder}, which imports ${dataset.name} too`),
    async () => {
      if (await isImported(dataset, root)) return true;
      const texts = { collection: under(collection), queries: under(queries) };
      const paths = files.map((file) => join(root, file));
      return (await importExamples(paths, importedFile(dataset, root), { ...texts, ...options })) !== null;
    },
  );
}

/** The files that the record of an import names. */
async function sourcesOf({ import: { files, collection, queries } }: TrainingDataset, root: string): Promise<string[]> {
  const texts = [collection, queries].flatMap((path) => (path === undefined ? [] : [join(root, path)]));
  const sources: string[] = [];
  for (const file of files) {
    const path = join(root, file);
    const { container } = await recogniseFormat(path, undefined);
    sources.push(...(container === 'folder' ? Object.values(await beirFiles(path)) : [path]));
  }
  return [...sources, ...texts];
}

/** Hashes of what an Arrow file was made from; undefined where it is missing or no whole file of an import. */
async function recordedHashes(path: string): Promise<Set<string> | undefined> {
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const text = (await scanArrow(file, path)).schema.metadata.get('tercet.sources');
    return text === undefined ? undefined : new Set((JSON.parse(text) as SourceRecord[]).map(({ sha256 }) => sha256));
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}
