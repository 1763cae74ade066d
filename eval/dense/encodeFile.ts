import { createHash } from 'node:crypto';
import { open, readdir, readFile, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../data/files/makeFolder.js';
import { savingFirst } from '../../configs/cli/endWhenAsked.js';
import { UserError } from '../../configs/userError.js';
import type { TextKind } from '../../configs/contract.js';
import { batchesIn } from '../../data/arrow/batchesIn.js';
import { createBatchWriter } from '../../data/arrow/batchWriter.js';
import { explainWriteFailure } from '../../data/files/explainWriteFailure.js';
import { writeRange } from '../../data/files/writeRange.js';
import { syncFolder, writeBeside } from '../../data/files/writeBeside.js';
import { shardRows } from '../../data/task/corpus.js';
import type { Encoder } from '../encoder/encoder.js';
import { claim, release } from './claims.js';
import { embeddingBatch, embeddingSchema } from './embeddingBatch.js';
import { embedBlock, fileOf, makeAllBlocks, makeBlocks, type BlockWork } from './encodeBlocks.js';
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
 * @param onProgress    told texts done, those of an earlier process included, and how many these are
 * @param options.beside        other processes that call `helpEncodeFile` meanwhile
 * @param options.rowsPerBatch  other than the usual number in tests alone
 * @throws UserError when the place cannot be written, another process is at it, or the texts changed
 */
export async function encodeFile(
  texts: ScannedTexts,
  output: string,
  kind: TextKind,
  encoder: Encoder,
  onProgress: (done: number, before: number) => void = () => {},
  { beside, rowsPerBatch = shardRows }: { beside?: Beside | undefined; rowsPerBatch?: number } = {},
): Promise<void> {
  const work = workOf(texts, output, kind, encoder, rowsPerBatch);
  const { folder } = work;
  const at = (name: string) => join(folder, name);
  try {
    await makeFolder(dirname(output), output);
    if ((await stat(output).catch(() => undefined))?.isDirectory())
      throw new UserError(`cannot write ${output}: it is a folder; name a file`);
    await makeFolder(folder, output);
    if (!claim(at(claimName)))
      throw new UserError(`another process is writing ${output}; wait for it, or name another --output`);
    try {
      const progress = await readProgress(work);
      if (beside) {
        try {
          beside.start();
          await makeAllBlocks(work, progress.rows, onProgress);
        } finally {
          await beside.end();
        }
      }
      const file = await open(at(fileName), progress.rows === 0 ? 'w' : 'r+');
      try {
        await file.truncate(progress.length);
        await writeBatches(file, work, progress, beside ? () => {} : onProgress);
      } finally {
        await file.close();
      }
      await rename(at(fileName), output);
      await syncFolder(dirname(output));
      for (const name of await readdir(folder)) if (name !== claimName) await rm(at(name), { force: true });
    } finally {
      release(at(claimName));
    }
    await rmdir(folder);
  } catch (error) {
    throw explainWriteFailure(error, output);
  }
}

/** Other processes that make blocks of the same file. */
export interface Beside {
  start(): void;
  end(): Promise<void>;
}

/**
 * Make blocks of a file that another process is writing, as far as none is at them.
 * @throws UserError when they cannot be kept, or the texts changed
 */
export async function helpEncodeFile(
  texts: ScannedTexts,
  output: string,
  kind: TextKind,
  encoder: Encoder,
  rowsPerBatch = shardRows,
): Promise<void> {
  const work = workOf(texts, output, kind, encoder, rowsPerBatch);
  try {
    await makeBlocks(work, (await readProgress(work)).rows);
  } catch (error) {
    throw explainWriteFailure(error, output);
  }
}

function workOf(
  texts: ScannedTexts,
  output: string,
  kind: TextKind,
  encoder: Encoder,
  rowsPerBlock: number,
): BlockWork {
  const key = createHash('sha256')
    .update(
      JSON.stringify([encoder.identity(), [...embeddingSchema(encoder).metadata], kind, texts.hash, rowsPerBlock]),
    )
    .digest('hex');
  return { texts, kind, encoder, rowsPerBlock, folder: `${output}.encoding`, key };
}

const claimName = 'claim';
const fileName = 'embeddings.arrow';
const progressName = 'progress.json';

/** @param progress  changed in place, and saved after each batch */
async function writeBatches(
  file: FileHandle,
  work: BlockWork,
  progress: Progress,
  onProgress: (done: number, before: number) => void,
): Promise<void> {
  const { texts, encoder, rowsPerBlock, folder } = work;
  let before: number | undefined;
  const schema = embeddingSchema(encoder);
  const from = { length: progress.length, batches: await batchesIn(join(folder, fileName), progress.length) };
  const writer = await createBatchWriter(schema, progress.rows === 0 ? undefined : from, 'none');
  const append = async (pieces: Uint8Array[]) => {
    for (const bytes of pieces) {
      await writeRange(file, bytes, progress.length);
      progress.length += bytes.length;
    }
    await file.sync();
  };
  for await (const block of texts.read(rowsPerBlock, progress.rows))
    await savingFirst(async () => {
      const row = progress.rows;
      const embeddings = await embedBlock(work, row, block, (done, begun) =>
        onProgress(row + done, (before ??= row + begun)),
      );
      const ids = block.map(({ id }) => id);
      await append(writer.write(embeddingBatch(schema, ids, embeddings)));
      progress.rows += block.length;
      await writeBeside(join(folder, progressName), JSON.stringify(progress));
      await rm(fileOf(work, row), { force: true });
    });
  await append(writer.finish({}));
}

/** What an earlier process did of the same work; nothing where it is not there in full. */
async function readProgress({ folder, key }: BlockWork): Promise<Progress> {
  const nothing = { key, rows: 0, length: 0 };
  try {
    const progress = JSON.parse(await readFile(join(folder, progressName), 'utf8')) as Progress;
    const { size } = await stat(join(folder, fileName));
    return progress.key === key && size >= progress.length ? progress : nothing;
  } catch {
    return nothing;
  }
}
