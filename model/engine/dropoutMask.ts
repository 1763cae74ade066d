import { capabilities } from './capabilities.js';
import { withKept } from './native/deviceNumbers.js';
import { rowHashes, sendRowKeys, type RowKeys } from './native/rowHashes.js';
import { tf } from './tf.js';
import { unsetTensor, valuesInPlace } from './wasm/wasmBackend.js';
import { times } from './withNumber.js';

/** Which rows an adapter's input has: two keys for each, told by its text and its token alone. */
export interface RowDropout {
  rate: number;
  /** [rows, 2] */
  keys: Int32Array;
  /** The same on the device of the native engine, where they were sent once for many masks. */
  sent?: RowKeys;
}

/**
 * A mask that keeps each element with probability 1 - rate and scales the kept ones by 1 / (1 - rate). An element's fate
 * is a function of its row's keys, its adapter and its column: the same on every engine, wherever the row lies.
 * @param columns  of the tensor to be masked
 * @param adapter  the adapter's number
 * @returns        [rows, columns], float32; the caller owns it
 */
export function dropoutMask({ rate, keys, sent }: RowDropout, columns: number, adapter: number): tf.Tensor2D {
  const masking = maskNumbers(rate);
  if (!capabilities().valuesInPlace)
    return tf.tidy(() => {
      const bits = rowHashes(sent ?? sendRowKeys(keys), adapterKeys(adapter), columns);
      const isKept = withKept('GreaterEqual', bits, masking.limit) as tf.Tensor2D;
      return times(isKept.toFloat(), masking.kept);
    });
  const [first, second] = keysOfMask(keys, adapter);
  const mask = unsetTensor<tf.Tensor2D>([first.length, columns]);
  const values = valuesInPlace(mask);
  for (let row = 0, index = 0; row < first.length; row++)
    for (let column = 0; column < columns; column++)
      values[index++] = maskValue(column, first[row]!, second[row]!, masking);
  return mask;
}

/** The same rows with their keys on the device, where the engine takes them there. Freed by `forgetRows`. */
export const sendRows = (rows: RowDropout): RowDropout =>
  capabilities().rawHandles && rows.rate > 0 ? { ...rows, sent: sendRowKeys(rows.keys) } : rows;

/** Free what `sendRows` sent. */
export const forgetRows = ({ sent }: RowDropout): void => void (sent && tf.dispose([sent.first, sent.second]));

/** Two numbers that set an adapter's masks apart from those of all others. */
export const adapterKeys = (adapter: number): [number, number] => [mixBits(2 * adapter + 1), mixBits(2 * adapter + 2)];

/** Hashes below `limit` drop an element; `kept` is what the others are multiplied with. In the fused operations' arithmetic. */
function maskNumbers(rate: number): { limit: number; kept: number } {
  const single = Math.fround(rate);
  // Of the hash 24 bits count: as many as every engine can compare as float32.
  return { limit: Math.floor(single * 2 ** 24), kept: Math.fround(1 / Math.fround(1 - single)) };
}

/** One element of a mask. @param first @param second  keys of the row and of the adapter, each pair joined by exclusive or */
function maskValue(
  column: number,
  first: number,
  second: number,
  { limit, kept }: { limit: number; kept: number },
): number {
  const half = column ^ first;
  return finished(Math.imul(half ^ (half >>> 16), 0x85ebca6b) ^ second) >>> 8 < limit ? 0 : kept;
}

/** Source: finalizer of MurmurHash3 (32 bits). */
export const mixBits = (value: number): number => finished(Math.imul(value ^ (value >>> 16), 0x85ebca6b));

function finished(half: number): number {
  const hash = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function keysOfMask(keys: Int32Array, adapter: number): [Int32Array, Int32Array] {
  const own = adapterKeys(adapter);
  const joined = (place: 0 | 1) =>
    Int32Array.from({ length: keys.length / 2 }, (_, row) => keys[2 * row + place]! ^ own[place]);
  return [joined(0), joined(1)];
}
