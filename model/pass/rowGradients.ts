import { tf } from '../engine/tf.js';
import { insertedIn, lengthOf, type Sequence } from './sequence.js';

/** Gradients of rows that were inserted into sequences, on the host, by those rows: one that several sequences share has one. */
export type RowGradients = Map<Float32Array, Float32Array>;

/** Whether rows stand in the place of tokens of a sequence. */
export const hasInserted = (sequence: Sequence): boolean => insertedIn(sequence).length > 0;

/**
 * Add the gradients of inserted rows to what is there. Waits for the device.
 * @param dInput  for what the first layer reads, [places, hidden]
 * @param time    places of each sequence where all have as many; they lie one behind the other unless given
 */
export function addRowGradients(
  dInput: tf.Tensor2D,
  sequences: readonly Sequence[],
  time: number | undefined,
  into: RowGradients,
): void {
  const hidden = dInput.shape[1];
  let start = 0;
  const found = sequences.flatMap((sequence, index) => {
    const first = time === undefined ? start : index * time;
    start += lengthOf(sequence);
    return insertedIn(sequence).map(({ at, values }) => ({ at: first + at, values }));
  });
  const parts = tf.tidy(() => {
    const slices = found.map(({ at, values }) => tf.slice(dInput, [at, 0], [values.length / hidden, hidden]));
    return slices.length === 1 ? slices[0]! : tf.concat(slices);
  });
  const gradients = parts.dataSync<'float32'>();
  parts.dispose();
  let row = 0;
  for (const { values } of found) addTo(into, values, gradients.subarray(row, (row += values.length)));
}

/** Add the gradients that one pool gave to those of others. */
export function mergeRowGradients(from: RowGradients, into: RowGradients): void {
  for (const [rows, gradient] of from) addTo(into, rows, gradient);
}

function addTo(into: RowGradients, rows: Float32Array, gradient: Float32Array): void {
  const sum = into.get(rows);
  if (!sum) return void into.set(rows, gradient.slice());
  for (let at = 0; at < gradient.length; at++) sum[at]! += gradient[at]!;
}
