import { join } from 'node:path';
import type { Dataset } from '../../configs/load/datasetFile.js';
import { UserError } from '../../configs/userError.js';
import { listDatasetFiles, type DatasetFile, type ListHub } from './datasetFiles.js';
import { datasetState } from './datasetState.js';
import { orByHand, presentBytes, requireReplaceable } from './downloadDatasets.js';
import { openUrl } from './web/openUrl.js';
import { retry, type Patience } from './web/retry.js';

/** What having a data set takes. */
export interface PlannedDataset {
  name: string;
  licence: string;
  isHere: boolean;
  /** Of the files to fetch, in bytes, and what of them came before. */
  bytes: number;
  present: number;
  /** What they take on the disk beside, when they are unpacked. */
  unpackedBytes: number;
  /** Why it cannot be had, with its remedy. */
  problem?: string;
}

/** A network that is not there should be told soon. */
const questionPatience: Patience = { tries: 2, firstWaitMs: 1000, longestWaitMs: 5000 };

/** Look at what is here of a data set and ask for every file that is not, without fetching any. */
export async function planDataset(
  dataset: Dataset,
  root: string,
  listHub: ListHub,
  mirror: string | undefined,
  patience = questionPatience,
): Promise<PlannedDataset> {
  const { name, licence, unpackedBytes = 0, sources, folder } = dataset;
  const state = datasetState(dataset, join(root, folder));
  const isHere = state === 'here' || state === 'by hand';
  const told = { name, licence, isHere, unpackedBytes: isHere ? 0 : unpackedBytes, bytes: 0, present: 0 };
  if (isHere) return told;
  const stated = sources.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  try {
    await requireReplaceable(dataset, join(root, folder));
    const files = await orByHand(dataset, root, () => listDatasetFiles(dataset, root, listHub, mirror));
    const bytes = files.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
    const present = files.reduce((sum, file) => sum + presentBytes(root, name, file), 0);
    for (const file of files)
      if (presentBytes(root, name, file) === 0) await orByHand(dataset, root, () => ask(file, patience));
    return { ...told, bytes, present };
  } catch (error) {
    if (error instanceof UserError) return { ...told, bytes: stated, problem: `data set ${name}: ${error.message}` };
    throw error;
  }
}

/** @throws UserError when the server does not give the file */
async function ask({ url, headers }: DatasetFile, patience: Patience): Promise<void> {
  if (url === undefined) return;
  const answer = await retry(() => openUrl(url, { headers: { ...headers, range: 'bytes=0-0' } }), patience);
  await answer.cancel();
}
