import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { removeImages } from '../arrow/images/carryImages.js';
import { imagesPath } from '../arrow/images/imageSchema.js';
import { requireWholeSets } from '../files/wholeSet.js';
import { requireApart } from '../files/requireApart.js';
import { syncFolder } from '../files/writeBeside.js';
import { beirFiles } from './lookup/beirJudgements.js';
import { importRows, type ImportedRows, type ImportTask } from './importRows.js';
import { showsImages, sourceShowsImages } from './images/showsImages.js';
import { requireLookups, type LookupFiles } from './lookup/openLookups.js';
import { recogniseFormat, type Recognised } from './source/recogniseFormat.js';
import { orStop, Stopped } from './source/stopped.js';
import { inputFiles, openWorkFolder, workFolderPath, type WorkFolder } from './write/workFolder.js';

/** `rowsWithoutNegatives` need mining before they can train. */
export interface ImportSummary extends ImportedRows {
  output: string;
  sources: Recognised[];
  /** Where each row left out is listed, null when there is none. */
  rejectsFile: string | null;
}

export interface ImportOptions extends LookupFiles {
  /** Instead of what the content of the files tells. */
  format?: string | undefined;
  /** What becomes of images; copied where the first rows show any, unless said otherwise. */
  images?: 'copy' | 'link' | 'none' | undefined;
  /** More rejected rows than this, or than this share of all rows, are an error. */
  maxRejects?: ImportTask['maxRejects'];
  /** When it is aborted, what is done is put on the disk, up to a whole record batch, and the import ends. */
  signal?: AbortSignal;
  /** How often the place is put on the disk from which a later process goes on. */
  saveEveryMs?: number;
  /** How long an import that is to end waits for a record batch to be full; other than 2 s in tests alone. */
  mostWaitMs?: number;
  /** Told what the sources were taken for, and after which line a stopped import goes on. */
  onSources?: (sources: Recognised[], from: { path: string; line: number } | null) => void;
  /** Told how much of all input has been read. */
  onBytes?: (done: number, all: number) => void;
}

/**
 * Bring training data of any known format into one Arrow file; memory does not grow with the data. Rows that cannot be
 * used are listed in `<output>.rejects.jsonl`. What is done lies in `<output>.import/` until it is complete: an import
 * that was stopped goes on from there when it is asked for again.
 * @returns null when it was interrupted
 * @throws UserError when a file cannot be used, too many rows are rejected or none is left; an older output stays
 */
export async function importExamples(
  paths: string[],
  output: string,
  options: ImportOptions = {},
): Promise<ImportSummary | null> {
  requireWholeSets(paths);
  const recognised: Recognised[] = [];
  for (const path of paths) recognised.push(await recogniseFormat(path, options.format));
  const { sources, lookupFiles } = await filesOf(recognised, options);
  const inputs = await inputFiles([...(Object.values(lookupFiles) as string[]), ...sources.map(({ file }) => file)]);
  const rejectsFile = `${output}.rejects.jsonl`;
  const images = options.images ?? ((await anyShowsImages(sources, lookupFiles)) ? 'copy' : null);
  await requireApart(
    [
      ...[output, rejectsFile, imagesPath(output)].map((path) => ({ option: '--output', path, kind: 'file' as const })),
      { option: '--output', path: workFolderPath(output), kind: 'folder' },
    ],
    inputs.map(({ path }) => path),
  );
  const work = await openWorkFolder(output, {
    inputs,
    format: options.format ?? null,
    ...(images && { images }),
  });
  const all = inputs.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const task: ImportTask = {
    output,
    rejectsFile,
    sources,
    lookupFiles,
    images,
    maxRejects: options.maxRejects,
    signal: options.signal,
    saveEveryMs: options.saveEveryMs ?? SAVE_EVERY_MS,
    mostWaitMs: options.mostWaitMs ?? MOST_WAIT_MS,
    onBytes: (bytes) => options.onBytes?.((done += bytes), all),
  };
  try {
    const place = work.progress?.place;
    options.onSources?.(recognised, place ? { path: sources[place.source]!.path, line: place.line } : null);
    const imported = await importRows(work, task);
    if (imported === null) {
      if (!(await exists(work.at('progress.json')))) await work.remove();
      return null;
    }
    const hasRejects = imported.rejected.length > 0;
    await orStop(output, () => publish(work, output, rejectsFile, imported));
    return { output, sources: recognised, ...imported, rejectsFile: hasRejects ? rejectsFile : null };
  } catch (error) {
    await leave(work, error, rejectsFile);
    throw error;
  } finally {
    work.release();
  }
}

const SAVE_EVERY_MS = 10_000;
const MOST_WAIT_MS = 2000;

/** The files to read. A folder in BEIR layout brings its own texts to look up. */
async function filesOf(sources: Recognised[], { collection, queries }: LookupFiles) {
  const folder = sources.find(({ container }) => container === 'folder');
  const given: LookupFiles = {
    ...(collection !== undefined && { collection }),
    ...(queries !== undefined && { queries }),
  };
  if (folder === undefined) {
    const formats = sources.map(({ format }) => format);
    requireLookups(formats, given);
    return { sources: sources.map((source) => ({ ...source, file: source.path })), lookupFiles: given };
  }
  if (sources.length > 1 || Object.keys(given).length > 0)
    throw new UserError(
      `${folder.path} is a folder in BEIR layout, which is imported alone; leave the other files out`,
    );
  const { qrels, ...lookupFiles } = await beirFiles(folder.path);
  return { sources: [{ ...folder, file: qrels }], lookupFiles: lookupFiles };
}

/** Give the finished files their names. */
async function publish(
  work: WorkFolder,
  output: string,
  rejectsFile: string,
  { rejected, images }: ImportedRows,
): Promise<void> {
  if (rejected.length > 0) await rename(work.at('rejects.jsonl'), rejectsFile);
  else await rm(rejectsFile, { force: true }); // what an earlier import left is out of date
  if (images !== undefined) await rename(work.at('images.arrow'), imagesPath(output));
  await rename(work.at('rows.arrow'), output);
  if (images === undefined) await removeImages(output); // as the rejects
  await syncFolder(dirname(resolve(output)));
  await work.remove();
}

async function anyShowsImages(sources: ImportTask['sources'], lookupFiles: LookupFiles): Promise<boolean> {
  for (const { format, file } of sources) if (await sourceShowsImages(format, file)) return true;
  for (const file of Object.values(lookupFiles) as string[]) if (await showsImages(file)) return true;
  return false;
}

/** What a full disk or a lost process stopped can go on later; what is wrong in the data would be wrong again. */
async function leave(work: WorkFolder, error: unknown, rejectsFile: string): Promise<void> {
  const hasProgress = await exists(work.at('progress.json'));
  const isFault = error instanceof UserError && !(error instanceof Stopped);
  if (isFault && (await exists(work.at('rejects.jsonl')))) await rename(work.at('rejects.jsonl'), rejectsFile);
  if (isFault || !hasProgress) await work.remove();
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
