import { UserError } from '../../configs/userError.js';
import type { ImageKeeping } from '../arrow/images/imageSchema.js';
import { collectRejects, type Rejected } from '../example/rejects.js';
import { leaveImagesOut, openImageStore } from './images/storeImages.js';
import { startArrowThread } from './write/arrowThread.js';
import { importMetadata, type SourceRecord } from './write/importMetadata.js';
import { openLookups, type LookupFiles } from './lookup/openLookups.js';
import { readSource } from './readSource.js';
import type { Recognised } from './source/recogniseFormat.js';
import { createRowSink } from './source/rowSink.js';
import { orStop } from './source/stopped.js';
import type { ImportProgress, Place, WorkFolder } from './write/workFolder.js';

/** What is to be imported, and how. */
export interface ImportTask {
  output: string;
  rejectsFile: string;
  /** `file`: the one that is read from beginning to end. */
  sources: (Recognised & { file: string })[];
  lookupFiles: LookupFiles;
  /** What becomes of images; null where rows have none. */
  images: ImageKeeping | 'none' | null;
  /** More rejected rows than this, or than this share of all rows, are an error. */
  maxRejects: { rows: number } | { share: number } | undefined;
  signal: AbortSignal | undefined;
  saveEveryMs: number;
  /** An interruption waits as long for a record batch to be full. */
  mostWaitMs: number;
  /** Told how many more bytes have been read. */
  onBytes: (bytes: number) => void;
}

export interface ImportedRows {
  rows: number;
  rowsWithoutNegatives: number;
  rejected: Rejected[];
  /** Distinct ones that were kept; absent where none could be. */
  images?: number;
}

/**
 * Make the files of rows and rejects in a work folder, or go on with them.
 * @returns null when it was interrupted: then the folder holds what a later process needs to go on. A record batch is never cut
 *   short for that, so that the same bytes come of it: one that takes long to end is begun anew
 * @throws UserError when a file cannot be used, too many rows are rejected or none is left; a `Stopped` when the disk
 *   is full or the like
 */
export async function importRows(work: WorkFolder, task: ImportTask): Promise<ImportedRows | null> {
  const from = work.progress ?? START;
  const rejects = collectRejects(work.at('rejects.jsonl'), task.rejectsFile, {
    bytes: from.rejectsLength,
    rejected: from.rejected,
  });
  const { images } = task;
  const keeping = images === 'none' ? null : images;
  const sink = createRowSink(rejects, from, keeping !== null);
  const hashes = [...from.hashes];
  const closing: (() => Promise<void>)[] = [rejects.close];
  try {
    const { lookups, opened, close } = await openLookups(task.lookupFiles, work.at, {
      // On a second start they are listed already.
      onReject: work.progress === null ? sink.reject : () => {},
      onBytes: task.onBytes,
    });
    closing.push(close);
    const thread = await orStop(task.output, () =>
      startArrowThread(work.at('rows.arrow'), from.length, keeping !== null),
    );
    closing.push(thread.close);
    const kept =
      keeping && (await orStop(task.output, () => openImageStore(work.at('images.arrow'), keeping, from.imagesLength)));
    if (kept) closing.push(kept.close);
    let savedMs = Date.now();
    let askedMs: number | undefined;

    const flush = (place: Place, read: () => ImportProgress['read']) =>
      orStop(task.output, async () => {
        const columns = sink.take();
        if (columns !== null) await thread.write(columns);
        await kept?.flush(); // where its batches end may not depend on the time
        const isStopping = task.signal?.aborted ?? false;
        if (!isStopping && Date.now() - savedMs < task.saveEveryMs) return;
        const [length, rejectsLength] = [await thread.sync(), await rejects.flush()];
        const lists = { hashes, rejected: rejects.rejected() };
        const imagesLength = (await kept?.sync()) ?? 0;
        await work.save({ place, read: read(), ...lists, ...sink.counts(), length, imagesLength, rejectsLength });
        savedMs = Date.now();
        if (isStopping) throw INTERRUPTED;
      });
    const flushRejects = () => orStop(task.output, async () => void (await rejects.flush()));

    for (let source = from.place.source; source < task.sources.length; source++) {
      const one = task.sources[source]!;
      const begun = source === from.place.source && from.read.bytes > 0 ? from : undefined;
      const hash = await readSource(one, one.file, {
        from: source === from.place.source ? from.place : START.place,
        known: begun && { ...begun.read, folder: work.path },
        sink,
        lookups,
        store: kept?.store ?? (images === 'none' ? leaveImagesOut : undefined),
        onBytes: task.onBytes,
        afterRow(offset, line, read) {
          requireFew(rejects.total(), 'last', task);
          if (sink.isFull()) return flush({ source, offset, line }, read);
          if (task.signal?.aborted && Date.now() - (askedMs ??= Date.now()) >= task.mostWaitMs) throw INTERRUPTED;
          return rejects.isDue() ? flushRejects() : undefined;
        },
      });
      hashes.push(hash);
    }

    const counts = { ...sink.counts(), rejected: rejects.rejected(), ...(kept && { images: kept.count() }) };
    if (counts.rows === 0) throw nothingUsable(task.sources, counts.rejected);
    requireFew(rejects.total(), counts.rows, task);
    const made: SourceRecord[] = [
      ...task.sources.map(({ file, format }, index) => ({ path: file, sha256: hashes[index]!, format })),
      ...opened.map(({ path, sha256 }) => ({ path, sha256, format: 'texts by id' })),
    ];
    await orStop(task.output, async () => {
      const rest = sink.take();
      if (rest !== null) await thread.write(rest);
      await kept?.finish();
      await thread.finish(importMetadata(made, counts.rows, counts.rejected));
    });
    return counts;
  } catch (error) {
    if (error === INTERRUPTED) return null;
    throw error;
  } finally {
    await rejects.flush().catch(() => {}); // of a list that cannot be written, the first failure was told
    for (const close of closing.reverse()) await close();
  }
}

const START: ImportProgress = {
  place: { source: 0, offset: 0, line: 0 },
  read: { bytes: 0, sha256: '' },
  hashes: [],
  rows: 0,
  rowsWithoutNegatives: 0,
  rejected: [],
  length: 0,
  imagesLength: 0,
  rejectsLength: 0,
};

/** Ends the reading of rows from within; nobody outside sees it. */
const INTERRUPTED = new Error('interrupted');

/** @param rows  usable ones; `last` while there are more to come, when a share cannot be told */
function requireFew(rejected: number, rows: number | 'last', { maxRejects, rejectsFile }: ImportTask): void {
  if (maxRejects === undefined) return;
  const most =
    'rows' in maxRejects ? maxRejects.rows : rows === 'last' ? Infinity : maxRejects.share * (rows + rejected);
  if (rejected <= most) return;
  const allowed = 'rows' in maxRejects ? `${maxRejects.rows} rows` : `${100 * maxRejects.share} %`;
  const found = rows === 'last' ? `${rejected} rows` : `${rejected} of ${rows + rejected} rows`;
  throw new UserError(
    `${found} cannot be used, more than the ${allowed} that --max-rejects allows; ${rejectsFile} lists them`,
  );
}

function nothingUsable(sources: Recognised[], [commonest]: Rejected[]): UserError {
  const why = commonest ? `every row is left out, the first, ${commonest.first}, for: ${commonest.reason}` : 'no rows';
  const told = [...new Set(sources.map(({ format }) => format))].join(', ');
  return new UserError(
    `${sources.map(({ path }) => path).join(', ')} cannot be imported as ${told}: ${why}; --format states another format`,
  );
}
