import { join } from 'node:path';
import type { Dataset, DatasetGroup } from '../../configs/load/datasetFile.js';
import { datasetState, type DatasetState } from './datasetState.js';
import type { DownloadedDataset } from './downloadDatasets.js';

/** A data set as `download --list` shows it. */
export interface ListedDataset {
  name: string;
  about: string;
  licence: string;
  page: string;
  folder: string;
  state: DatasetState;
  /** Of the files to fetch; null where only the hub knows. */
  downloadBytes: number | null;
  /** What they take on the disk beside, when they are unpacked. */
  unpackedBytes: number;
}

export const listed = (dataset: Dataset, root: string): ListedDataset => {
  const { name, about, licence, page, sources, unpackedBytes = 0 } = dataset;
  const folder = join(root, dataset.folder);
  const bytes = sources.map((source) => source.bytes);
  const downloadBytes = bytes.every((size) => size !== undefined)
    ? bytes.reduce<number>((sum, size) => sum + size, 0)
    : null;
  return { name, about, licence, page, folder, state: datasetState(dataset, folder), downloadBytes, unpackedBytes };
};

/** One line for each data set, the licences below, since they are long and few. */
export function formatDatasets(datasets: readonly ListedDataset[], groups: readonly DatasetGroup[]): string {
  const licences = [...new Set(datasets.map(({ licence }) => licence))];
  const rows = [
    ['name', 'download', 'unpacked', 'licence', 'here', 'what'],
    ...datasets.map(({ name, about, licence, state, downloadBytes, unpackedBytes }) => [
      name,
      downloadBytes === null ? 'hub' : size(downloadBytes),
      unpackedBytes === 0 ? '' : size(unpackedBytes),
      `[${licences.indexOf(licence) + 1}]`,
      state === 'absent' ? '' : state,
      about,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return [
    ...rows.map(line),
    '',
    ...groups.map(({ name, about, datasets: members }) => `${name}: ${about} (${members.length})`),
    '',
    ...licences.map((licence, index) => `[${index + 1}] ${licence}`),
    'hub: the Hugging Face hub tells the size when it is asked',
  ].join('\n');
}

/** What became of each data set, and the command that follows. */
export const formatDownloads = (done: readonly DownloadedDataset[]): string =>
  done
    .map(({ name, folder, state, then }) => {
      const how = { here: 'is there, whole', 'by hand': 'is there, put there by hand', downloaded: 'downloaded' }[
        state
      ];
      return `${name}  ${how}  ${folder}${then === undefined ? '' : `\n  then: ${then}`}`;
    })
    .join('\n');

const size = (bytes: number) =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
