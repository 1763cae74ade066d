import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../files/makeFolder.js';
import type { DownloadScreen } from '../../configs/cli/download.js';
import type { Dataset } from '../../configs/load/datasetFile.js';
import { UserError } from '../../configs/userError.js';
import { withoutCredentials } from '../../configs/withoutCredentials.js';
import { withLock } from '../../setup/lock/lock.mjs';
import { removeOwnFolder, requireOwnFolder } from '../files/ownFolder.js';
import { replaceFolder } from '../files/writeFolder.js';
import { byHand, downloadsFolder, listDatasetFiles, type DatasetFile, type ListHub } from './datasetFiles.js';
import { datasetState, downloadedFiles, lackingFiles, writeManifest } from './datasetState.js';
import { fetchFile, incompleteName, wholeName } from './web/fetchFile.js';
import { requireSpace } from './requireSpace.js';
import type { Patience } from './web/retry.js';
import { isWholeParquet, unpackSource } from './archive/unpackSource.js';
import { HttpStatusError, UnreachableError } from './web/webErrors.js';

export interface DatasetOptions {
  /** Holds the data sets' folders and, while they are fetched, `downloads/`. */
  root: string;
  screen: DownloadScreen;
  listHub: ListHub;
  /** Base URL, see `listDatasetFiles`. */
  mirror?: string | undefined;
  patience?: Patience;
}

export interface DownloadedDataset {
  name: string;
  folder: string;
  /** `by hand`: its files were there, and none of them came by a download. */
  state: 'here' | 'by hand' | 'downloaded';
  /** Command that follows. */
  then?: string;
}

/**
 * Fetch data sets, check them, and unpack them beside their places. What is there is left alone. Processes that want
 * the same one wait for one another.
 * @throws UserError in one line: no route, a refusal, other bytes than were published, a damaged archive, a full disk.
 *   What was fetched stays and is gone on with
 */
export async function downloadDatasets(
  datasets: readonly Dataset[],
  options: DatasetOptions,
): Promise<DownloadedDataset[]> {
  const { root, screen } = options;
  const wanted: Waiting[] = [];
  for (const dataset of datasets) {
    await requireReplaceable(dataset, join(root, dataset.folder));
    if (isThere(dataset, root)) continue;
    screen.say(`${dataset.name}: ${dataset.about}\n  licence  ${dataset.licence}\n  see      ${dataset.page}`);
    const files = await orByHand(dataset, root, () => listDatasetFiles(dataset, root, options.listHub, options.mirror));
    wanted.push({ dataset, files });
  }
  if (wanted.length > 0) await fetchAll(wanted, options);
  return datasets.map((dataset) => {
    const folder = join(root, dataset.folder);
    const state = wanted.some((each) => each.dataset === dataset) ? 'downloaded' : datasetState(dataset, folder);
    const then = importLine(dataset, root);
    return { name: dataset.name, folder, state: state as DownloadedDataset['state'], ...(then && { then }) };
  });
}

/** The command that makes training data of a data set; undefined where it is for other uses. */
function importLine({ import: training }: Dataset, root: string): string | undefined {
  if (!training) return undefined;
  const under = (path: string) => join(root, path);
  const { files, collection, queries } = training;
  const texts = Object.entries({ collection, queries }).flatMap(([name, path]) =>
    path === undefined ? [] : [`--${name}`, under(path)],
  );
  return ['npm run data -- import', ...files.map(under), ...texts, '--output train.arrow'].join(' ');
}

interface Waiting {
  dataset: Dataset;
  files: DatasetFile[];
}

const isThere = (dataset: Dataset, root: string) =>
  ['here', 'by hand'].includes(datasetState(dataset, join(root, dataset.folder)));

/** A folder that holds what this command did not put there is never replaced. */
export async function requireReplaceable(dataset: Dataset, folder: string): Promise<void> {
  const state = datasetState(dataset, folder);
  if (state === 'incomplete')
    throw new UserError(
      `${folder} lacks ${lackingFiles(dataset, folder).join(', ')} and was not filled by this command; complete it by hand, or move it away`,
    );
  if (state === 'damaged') await requireOwnFolder(folder, downloadedFiles(folder));
}

async function fetchAll(wanted: readonly Waiting[], options: DatasetOptions): Promise<void> {
  const { root, screen } = options;
  const files = wanted.flatMap(({ dataset, files }) => files.map((file) => ({ file, set: dataset.name })));
  const total = sum(files.map(({ file }) => file.bytes ?? 0));
  const present = new Map(files.map(({ file, set }) => [file, presentBytes(root, set, file)]));
  requireRoom(wanted, present, root);
  const bar = screen.bar(total, sum([...present.values()]));
  const show = (note: string, file?: DatasetFile, bytes = 0) => {
    if (file) present.set(file, Math.min(bytes, file.bytes ?? 0));
    bar.update(Math.min(total, sum([...present.values()])), note);
  };
  try {
    for (const { dataset, files } of wanted) {
      const lock = join(root, 'downloads', '.locks', dataset.name);
      const sayWait = (holder: string) => screen.say(`waiting for ${holder}, which downloads ${dataset.name} too`);
      await makeFolder(dirname(lock));
      await withLock(lock, sayWait, async () => {
        if (!isThere(dataset, root)) await fetchDataset(dataset, files, show, options);
      });
    }
  } finally {
    bar.stop();
  }
}

async function fetchDataset(
  dataset: Dataset,
  files: readonly DatasetFile[],
  show: (note: string, file?: DatasetFile, bytes?: number) => void,
  options: DatasetOptions,
): Promise<void> {
  const { root } = options;
  const paths = new Map<DatasetFile, string>();
  for (const file of files) {
    const onProgress = (bytes: number) => show(`${dataset.name}, ${basename(file.name)}`, file, bytes);
    paths.set(file, await orByHand(dataset, root, () => fetchOne(dataset, file, onProgress, options)));
    onProgress(file.bytes ?? 0);
  }
  const folder = join(root, dataset.folder);
  await replaceFolder(folder, downloadedFiles(folder), async (partial) => {
    for (const [file, path] of paths) {
      const { size } = statSync(path);
      const note = (bytes: number) => show(`unpacking ${basename(path)}, ${Math.floor((100 * bytes) / size)} %`);
      await unpackSource(path, partial, file.unpacking, note);
    }
    await writeManifest(
      partial,
      dataset.name,
      files.map(({ url, name }) => withoutCredentials(url ?? name)),
    );
  });
  const names = new Set(files.map(({ name }) => name));
  await removeOwnFolder(fetchedFolder(root, dataset.name), { test: (name) => names.has(wholeName(name)) });
  await rmdir(downloadsFolder(root, dataset.name)).catch(() => {}); // it stays where a user put files
}

/** @returns where the file lies: as a user put it there, or as it was fetched now or before */
async function fetchOne(
  { name: set }: Dataset,
  { name, url, headers, hash, bytes }: DatasetFile,
  onProgress: (bytes: number) => void,
  { root, screen, patience }: DatasetOptions,
): Promise<string> {
  const folder = join(downloadsFolder(root, set), name);
  if (existsSync(folder)) {
    const hex = hash && (await hashOf(folder, hash.algorithm, hash.preamble));
    if (hex !== hash?.hex)
      throw new UserError(
        `${folder} must have the ${hash!.algorithm} ${hash!.hex}; got ${hex}; get it again from ${url}`,
      );
    if (!hash && folder.endsWith('.parquet') && !(await isWholeParquet(folder)))
      throw new UserError(`${folder} is cut short or no Parquet; get it again`);
    return folder;
  }
  const path = join(fetchedFolder(root, set), name);
  if (existsSync(path)) return path;
  if (!hash) screen.say(`${name}: no checksum was published, so only its length and its beginning are checked`);
  await fetchFile({
    url: url!,
    path,
    headers,
    ...(hash ? { hash } : bytes !== undefined && { size: bytes }),
    ...(patience && { patience }),
    onProgress,
    onWait: (why, waitMs) => screen.say(`${why}; trying again in ${Math.ceil(waitMs / 1000)} s`),
  });
  return path;
}

/** What this command fetched, apart from what users put beside it: that is theirs and stays. */
const fetchedFolder = (root: string, set: string) => join(downloadsFolder(root, set), '.fetched');

/** Bytes of a file that need not be fetched any more. */
export function presentBytes(root: string, set: string, { name, bytes = 0 }: DatasetFile): number {
  const fetched = join(fetchedFolder(root, set), name);
  const places = [join(downloadsFolder(root, set), name), fetched, incompleteName(fetched)];
  const size = places.map((place) => statSync(place, { throwIfNoEntry: false })?.size).find((found) => found);
  return Math.min(bytes, size ?? 0);
}

/** An archive is removed once it is unpacked; other files become the data set's own and take no further room. */
function requireRoom(wanted: readonly Waiting[], present: Map<DatasetFile, number>, root: string): void {
  let [settled, most] = [0, 0];
  for (const { dataset, files } of wanted) {
    const unpacked = dataset.unpackedBytes ?? 0;
    const left = (file: DatasetFile) => (file.bytes ?? 0) - present.get(file)!;
    most = Math.max(most, settled + unpacked + sum(files.map(left)));
    settled += unpacked + sum(files.filter(({ unpacking }) => unpacking.as !== undefined).map(left));
  }
  const names = wanted.map(({ dataset }) => dataset.name).join(', ');
  requireSpace(root, most, `downloading and unpacking ${names}`, 'name another folder with --into');
}

/** Tell how to get by other ways what the network does not give. */
export async function orByHand<T>(dataset: Dataset, root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UnreachableError || error instanceof HttpStatusError)) throw error;
    throw new UserError(`${error.message}; without network, ${byHand(dataset, root)}; then run the same command again`);
  }
}

async function hashOf(path: string, algorithm: string, preamble = ''): Promise<string> {
  const hash = createHash(algorithm).update(preamble);
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
