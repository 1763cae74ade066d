import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../configs/load/datasetFile.js';
import type { OwnFiles } from '../files/ownFolder.js';
import { filesBelow } from '../files/filesBelow.js';
import { missingParts } from '../task/taskFiles.js';

/** What of a data set is on this machine. `damaged`: files that a download put there are gone or changed. */
export type DatasetState = 'here' | 'by hand' | 'incomplete' | 'damaged' | 'absent';

/** What a data set becomes, in its own folder, when it is trained on. */
export const importedName = 'train.arrow';

/** Remembers what a download put into a folder. */
const manifestName = '.download.json';

interface Manifest {
  dataset: string;
  sources: string[];
  /** Bytes by path within the folder. */
  files: Record<string, number>;
}

/** Look at what is there; texts are not read. */
export function datasetState(dataset: Dataset, folder: string): DatasetState {
  if (!existsSync(folder)) return 'absent';
  const manifest = readManifest(folder);
  if (manifest) {
    const isSame = ([name, bytes]: [string, number]) =>
      statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes;
    return Object.entries(manifest.files).every(isSame) ? 'here' : 'damaged';
  }
  if (readdirSync(folder).length === 0) return 'absent';
  return lackingFiles(dataset, folder).length === 0 ? 'by hand' : 'incomplete';
}

/** What a folder must hold still to be the data set. */
export function lackingFiles({ sources, parts = [''] }: Dataset, folder: string): string[] {
  const isTask = sources.some((source) => ('hub' in source ? source.tables : source.inside) !== undefined);
  if (isTask) return parts.flatMap((part) => missingParts(join(folder, part)).map((name) => join(part, name)));
  return sources
    .flatMap((source) => ('as' in source && source.as ? [source.as] : Object.values(source.take ?? {})))
    .filter((name) => !existsSync(join(folder, name)));
}

/** What a download put into a folder, and what was imported from that; whatever else lies there is not its own. */
export function downloadedFiles(folder: string): OwnFiles {
  const known = readManifest(folder)?.files ?? {};
  const isOfImport = (name: string) => name.split('/')[0]!.startsWith(importedName);
  return { test: (name) => name === manifestName || isOfImport(name) || Object.hasOwn(known, name) };
}

/** Remember what a folder was filled with, and the bytes of each file. */
export async function writeManifest(folder: string, dataset: string, sources: string[]): Promise<void> {
  const files: Manifest['files'] = {};
  for (const name of await filesBelow(folder)) files[name] = (await stat(join(folder, name))).size;
  await writeFile(join(folder, manifestName), `${JSON.stringify({ dataset, sources, files }, null, 2)}\n`, {
    flush: true,
  });
}

function readManifest(folder: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, manifestName), 'utf8')) as Manifest | null;
    return typeof manifest?.files === 'object' && manifest.files !== null ? manifest : undefined;
  } catch {
    return undefined;
  }
}
