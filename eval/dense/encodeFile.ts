import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../data/files/makeFolder.js';
import { savingFirst } from '../../configs/cli/endWhenAsked.js';
import { UserError } from '../../configs/userError.js';
import type { TextKind } from '../../configs/contract.js';
import { batchesIn } from '../../data/arrow/batchesIn.js';
import { createBatchWriter } from '../../data/arrow/batchWriter.js';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { syncFolder, writeBeside } from '../../data/files/writeBeside.js';
import { shardRows } from '../../data/task/corpus.js';
import type { Encoder } from '../encoder/encoder.js';
import { claim, release } from './claims.js';
import { embeddingBatch, embeddingSchema } from './embeddingBatch.js';
import { doneRows, readPartial, writePartial } from './partialFile.js';
import type { ScannedTexts } from './textsToEncode.js';

/** How far an encoding has come: all of it is on the disk. */
interface Progress {
  /** Of texts, encoder and output. */
  key: string;
  rows: number;
  /** Bytes of the file. */
  length: number;
}

/**
 * Encode texts into an Arrow file, columns id (utf8) and embedding (fixed-size list of float32), with its contract. A
 * part of the texts is in memory at a time, and a record batch of the file. It grows in a folder beside its place; what
 * a process that was stopped did is kept there, and the next call with the same texts and encoder goes on. A process that is
 * asked to end keeps what it has of a batch too.
 * @param rowsPerBatch  other than the usual number in tests alone
 * @param onProgress    told texts done, those of an earlier process included, and how many these are
 * @throws UserError when the place cannot be written, another process is at it, or the texts changed
 */
export async function encodeFile(
  texts: ScannedTexts,
  output: string,
  kind: TextKind,
  encoder: Encoder,
  onProgress: (done: number, before: number) => void = () => {},
  rowsPerBatch = shardRows,
): Promise<void> {
  const folder = `${output}.encoding`;
  const at = (name: string) => join(folder, name);
  const schema = embeddingSchema(encoder);
  const key = createHash('sha256')
    .update(JSON.stringify([encoder.identity(), [...schema.metadata], kind, texts.hash, rowsPerBatch]))
    .digest('hex');
  try {
    await makeFolder(dirname(output), output);
    if ((await stat(output).catch(() => undefined))?.isDirectory())
      throw new UserError(`cannot write ${output}: it is a folder; name a file`);
    await makeFolder(folder, output);
    if (!claim(at('claim')))
      throw new UserError(`another process is writing ${output}; wait for it, or name another --output`);
    try {
      const progress = await readProgress(at('progress.json'), at(fileName), key);
      const file = await open(at(fileName), progress.rows === 0 ? 'w' : 'r+');
      try {
        await file.truncate(progress.length);
        const save = () => writeBeside(at('progress.json'), JSON.stringify(progress));
        await writeBatches(file, folder, texts, kind, encoder, progress, save, onProgress, rowsPerBatch);
      } finally {
        await file.close();
      }
      await rename(at(fileName), output);
      await syncFolder(dirname(output));
      for (const name of ['progress.json', partName]) await rm(at(name), { force: true });
    } finally {
      release(at('claim'));
    }
    await rmdir(folder);
  } catch (error) {
    throw explainWriteFailure(error, output);
  }
}

const fileName = 'embeddings.arrow';
/** What there is of the batch that was under way. */
const partName = 'part';

/** @param progress  changed in place, and saved after each batch */
async function writeBatches(
  file: FileHandle,
  folder: string,
  texts: ScannedTexts,
  kind: TextKind,
  encoder: Encoder,
  progress: Progress,
  save: () => Promise<void>,
  onProgress: (done: number, before: number) => void,
  rowsPerBatch: number,
): Promise<void> {
  let before: number | undefined;
  const schema = embeddingSchema(encoder);
  const from = { length: progress.length, batches: await batchesIn(join(folder, fileName), progress.length) };
  const writer = await createBatchWriter(schema, progress.rows === 0 ? undefined : from, 'none');
  const append = async (pieces: Uint8Array[]) => {
    for (const bytes of pieces)
      for (let written = 0; written < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, written, bytes.length - written, progress.length);
        written += bytesWritten;
        progress.length += bytesWritten;
      }
    await file.sync();
  };
  const part = join(folder, partName);
  for await (const block of texts.read(rowsPerBatch, progress.rows))
    await savingFirst(async () => {
      const done = progress.rows;
      const key = `${progress.key} ${done}`;
      const begun = await readPartial(part, key, block.length, encoder.dimensions);
      const first = (before ??= done + doneRows(begun));
      const told = (texts: number) => onProgress(done + texts, first);
      const embeddings = await encoder.encode(kind, block, told, begun).catch(async (error: unknown) => {
        await writePartial(part, key, begun).catch(() => {}); // the first error is the one to tell
        throw error;
      });
      const ids = block.map(({ id }) => id);
      await append(writer.write(embeddingBatch(schema, ids, embeddings)));
      progress.rows += block.length;
      await save();
    });
  await append(writer.finish({}));
}

/** What an earlier process did of the same work; nothing where it is not there in full. */
async function readProgress(path: string, file: string, key: string): Promise<Progress> {
  const nothing = { key, rows: 0, length: 0 };
  try {
    const progress = JSON.parse(await readFile(path, 'utf8')) as Progress;
    return progress.key === key && (await stat(file)).size >= progress.length ? progress : nothing;
  } catch {
    return nothing;
  }
}
