import type { Model } from '../layer/decoder.js';
import { tf } from '../engine/tf.js';

/**
 * What a model reads as one text. So far that is token ids alone; rows that come from elsewhere, such as those of an
 * image between tokens, would make it a union by kind. Passes and training look into one through this file only.
 */
export type Sequence = Int32Array;

/** Places that a sequence takes in the model. */
export const lengthOf = (sequence: Sequence): number => sequence.length;

/** Places that sequences take together. */
export const lengthOfAll = (sequences: readonly Sequence[]): number =>
  sequences.reduce((sum, sequence) => sum + lengthOf(sequence), 0);

/** Places of the longest sequence. */
export const longestOf = (sequences: readonly Sequence[]): number =>
  sequences.reduce((most, sequence) => Math.max(most, lengthOf(sequence)), 0);

/** What the first layer reads of sequences that lie one behind the other, [places, hidden]; the caller owns it. */
export function inputRows(model: Model, sequences: readonly Sequence[]): tf.Tensor2D {
  const ids = new Int32Array(lengthOfAll(sequences));
  let start = 0;
  for (const sequence of sequences) {
    ids.set(sequence, start);
    start += lengthOf(sequence);
  }
  return tf.tensor2d(model.embedding.rows(ids), [ids.length, model.config.hidden]);
}

/** A sequence made longer by its own last place again and again: no padding token is needed. */
export function paddedTo(sequence: Sequence, length: number): Sequence {
  const padded = new Int32Array(length).fill(sequence.at(-1)!);
  padded.set(sequence);
  return padded;
}

/** Sequences of nothing in particular that fill so many places, none longer than `longest`. */
export function fillers(places: number, longest: number): Sequence[] {
  return Array.from(
    { length: Math.ceil(places / longest) },
    (_, index) => new Int32Array(Math.min(longest, places - index * longest)),
  );
}
