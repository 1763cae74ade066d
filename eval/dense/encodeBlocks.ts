import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { savingFirst } from '../../configs/cli/endWhenAsked.js';
import type { TextKind } from '../../configs/contract.js';
import type { Encoder } from '../encoder/encoder.js';
import { claim, isClaimed, release } from './claims.js';
import { doneRows, partialBytes, readPartial, writePartial } from './partialFile.js';
import type { IdentifiedText, ScannedTexts } from './textsToEncode.js';

/** Texts that are encoded block by block, and the folder where blocks wait for the file that they become. */
export interface BlockWork {
  texts: ScannedTexts;
  kind: TextKind;
  encoder: Encoder;
  rowsPerBlock: number;
  folder: string;
  /** Of texts, encoder and what is made of them. */
  key: string;
}

/** How often it is looked whether another process has made what it took on. */
const lookEveryMs = 100;

/**
 * Make all blocks from a row on, each in a file, along with other processes: what one of these is at is left to it, unless
 * it ends before it is done.
 * @param onProgress  told how many texts are done, by whomever, and how many were when this began
 */
export async function makeAllBlocks(
  work: BlockWork,
  firstRow: number,
  onProgress: (done: number, before: number) => void,
): Promise<void> {
  const before = madeRows(work, firstRow);
  for (;;) {
    const left = await makeBlocks(work, firstRow, (done) => onProgress(done, before));
    if (left.length === 0) return;
    while (left.some((row) => !isMade(work, row) && isClaimed(claimOf(work, row)))) await setTimeout(lookEveryMs);
  }
}

/**
 * Make the blocks from a row on that are missing and no other process is at.
 * @returns the first rows of those that others were at
 */
export async function makeBlocks(
  work: BlockWork,
  firstRow: number,
  onProgress: (done: number) => void = () => {},
): Promise<number[]> {
  const left: number[] = [];
  let row = firstRow;
  for await (const block of work.texts.read(work.rowsPerBlock, firstRow)) {
    const first = row;
    row += block.length;
    if (isMade(work, first)) continue;
    if (!claim(claimOf(work, first))) left.push(first);
    else
      await savingFirst(async () => {
        try {
          if (isMade(work, first)) return; // between the look and the claim
          await makeBlock(work, first, block, (done) => onProgress(madeRows(work, firstRow) + done));
        } finally {
          release(claimOf(work, first));
        }
      });
  }
  return left;
}

async function makeBlock(work: BlockWork, row: number, block: readonly IdentifiedText[], told: (done: number) => void) {
  const values = await embedBlock(work, row, block, told);
  await writePartial(fileOf(work, row), keyOf(work, row), { values, isDone: new Uint8Array(block.length).fill(1) });
}

/**
 * The embeddings of a block, but for what is made of it already. Where the work is given up, what there is of it is kept
 * for the next process.
 * @param onProgress  told how many of its texts are done, and how many were before
 */
export async function embedBlock(
  work: BlockWork,
  row: number,
  block: readonly IdentifiedText[],
  onProgress: (done: number, before: number) => void,
): Promise<Float32Array> {
  const { encoder, kind } = work;
  const begun = await readPartial(fileOf(work, row), keyOf(work, row), block.length, encoder.dimensions);
  const before = doneRows(begun);
  return encoder
    .encode(kind, block, (done) => onProgress(done, before), begun)
    .catch(async (error: unknown) => {
      await writePartial(fileOf(work, row), keyOf(work, row), begun).catch(() => {}); // the first error is the one to tell
      throw error;
    });
}

/** What is kept of a block while it is no part of the file yet; of other texts or by another encoder it has another name. */
export const fileOf = ({ folder, key }: Pick<BlockWork, 'folder' | 'key'>, row: number): string =>
  join(folder, `part-${key.slice(0, 16)}-${row}`);

const claimOf = ({ folder }: BlockWork, row: number) => join(folder, `claim-${row}`);
const keyOf = ({ key }: BlockWork, row: number) => `${key} ${row}`;

const rowsOf = ({ texts, rowsPerBlock }: BlockWork, row: number) => Math.min(rowsPerBlock, texts.rows - row);

/** By its length: what it holds is looked at when it is used, and made anew where it is damaged. */
function isMade(work: BlockWork, row: number): boolean {
  const found = statSync(fileOf(work, row), { throwIfNoEntry: false });
  return found?.size === partialBytes(rowsOf(work, row), work.encoder.dimensions);
}

/** Texts before a row and in blocks behind it that are made. */
function madeRows(work: BlockWork, firstRow: number): number {
  let made = firstRow;
  for (let row = firstRow; row < work.texts.rows; row += work.rowsPerBlock)
    if (isMade(work, row)) made += rowsOf(work, row);
  return made;
}
