import { forgetRows, mixBits, sendRows, type RowDropout } from '../engine/dropoutMask.js';
import type { PackedDropout } from '../engine/fused/fusedOps.js';
import { tf } from '../engine/tf.js';

/** Dropout of the adapters' inputs in one pool. Two 32-bit numbers stand for run, update and pool. */
export interface Dropout {
  rate: number;
  seed: readonly [number, number];
}

/** Dropout in one chunk of a pool. */
export interface ChunkDropout extends Dropout {
  /** The number that each text of the chunk has in its pool. */
  texts: readonly number[];
}

/** Dropout as the layers of a chunk take it: of all rows, and of the rows that hold the last token of a text. */
export interface LayerDropout {
  all: RowDropout;
  last: RowDropout;
}

/**
 * What a row drops depends on its text's number in the pool and its token's place in the text, never on the chunk it
 * lies in: chunks of another size, a second try and another process give the same masks.
 * @param rows  how many rows of the chunk each text takes, one text behind the other
 * @param last  rows that hold the last token of each text
 */
export function layerDropout({ rate, ...where }: ChunkDropout, rows: number[], last: number[]): LayerDropout {
  const keys = rowKeys(where, rows);
  const lastKeys = Int32Array.from(last.flatMap((row) => [keys[2 * row]!, keys[2 * row + 1]!]));
  return { all: { rate, keys }, last: { rate, keys: lastKeys } };
}

/** What the rows of a single document drop, an image's patches. */
export const rowsDropout = (dropout: Dropout, rows: number): RowDropout =>
  layerDropout({ ...dropout, texts: [0] }, [rows], []).all;

export const nothingDropped: RowDropout = { rate: 0, keys: new Int32Array(0) };

/** Dropout of rows as the fused operations take it; the caller owns its keys. */
export const packedRows = ({ rate, keys }: RowDropout): PackedDropout => ({
  rate,
  keys: tf.tensor2d(keys, [keys.length / 2, 2], 'int32'),
});

/** Dropout of a chunk whose layers are run by masks, its keys on the device. Freed by `forgetDropout`. */
export const sendDropout = ({ all, last }: LayerDropout): LayerDropout => ({
  all: sendRows(all),
  last: sendRows(last),
});

/** Free what `sendDropout` sent. */
export function forgetDropout({ all, last }: LayerDropout): void {
  forgetRows(all);
  forgetRows(last);
}

/** [rows, 2]. Two keys of 32 bits, so that no two tokens of a run share both. */
function rowKeys({ seed, texts }: Omit<ChunkDropout, 'rate'>, rows: number[]): Int32Array {
  const keys = new Int32Array(2 * rows.reduce((sum, count) => sum + count, 0));
  let index = 0;
  texts.forEach((text, place) => {
    const [first, second] = [mixBits(seed[0] ^ text), mixBits(seed[1] ^ text)];
    for (let token = 0; token < rows[place]!; token++) {
      keys[index++] = mixBits((first + token) | 0);
      keys[index++] = mixBits((second + token) | 0);
    }
  });
  return keys;
}
