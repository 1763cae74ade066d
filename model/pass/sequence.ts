import type { Model } from '../layer/decoder.js';
import { rotaryRows, rotaryTables, type Rotary } from '../layer/rotary.js';
import { tf } from '../engine/tf.js';

/** What a model reads as one text. Passes and training look into one through this file only. */
export type Sequence = Int32Array | MixedSequence;

/** Token ids, with rows that come from elsewhere in the place of some of them, such as the features of an image. */
export interface MixedSequence {
  /** Of every place; those that rows take the place of are not looked up. */
  ids: Int32Array;
  /** In the order of their places; none reaches into the next or beyond the ids. */
  inserted: readonly InsertedRows[];
  /** By which its places are turned, where that is not one after the other. */
  positions?: Positions;
}

/** Of each place of a sequence its position in time, down and across. */
export type Positions = [time: Int32Array, row: Int32Array, column: Int32Array];

/** Rows that stand where embeddings of tokens would: [rows, hidden], the first in place `at`. */
interface InsertedRows {
  at: number;
  values: Float32Array;
}

/** Places that a sequence takes in the model. */
export const lengthOf = (sequence: Sequence): number => idsOf(sequence).length;

/** Places that sequences take together. */
export const lengthOfAll = (sequences: readonly Sequence[]): number =>
  sequences.reduce((sum, sequence) => sum + lengthOf(sequence), 0);

/** Places of the longest sequence. */
export const longestOf = (sequences: readonly Sequence[]): number =>
  sequences.reduce((most, sequence) => Math.max(most, lengthOf(sequence)), 0);

/**
 * What the first layer reads of sequences that lie one behind the other: embeddings of their tokens, and the rows that
 * were inserted.
 * @returns [places, hidden]; the caller owns it
 */
export function inputRows({ embedding, config: { hidden } }: Model, sequences: readonly Sequence[]): tf.Tensor2D {
  const ids = new Int32Array(lengthOfAll(sequences));
  const inserted: InsertedRows[] = [];
  let start = 0;
  for (const sequence of sequences) {
    ids.set(idsOf(sequence), start);
    for (const { at, values } of insertedIn(sequence)) {
      const rows = values.length / hidden;
      if (!Number.isInteger(rows) || at < 0 || at + rows > lengthOf(sequence))
        throw new Error(`${values.length} numbers of rows of ${hidden} do not fit at ${at} of ${lengthOf(sequence)}`);
      ids.fill(0, start + at, start + at + rows); // what stands here need not be a token of the table
      inserted.push({ at: start + at, values });
    }
    start += lengthOf(sequence);
  }
  if (embedding.onDevice) return withInserted(embedding.onDevice.rows(ids), inserted);
  const rows = embedding.rows(ids);
  for (const { at, values } of inserted) rows.set(values, at * hidden);
  return tf.tensor2d(rows, [ids.length, hidden]);
}

/** Rows in the place of some others, on the device. @param rows  freed unless they are the result */
function withInserted(rows: tf.Tensor2D, inserted: readonly InsertedRows[]): tf.Tensor2D {
  if (inserted.length === 0) return rows;
  const [count, hidden] = rows.shape;
  const parts = tf.tidy(() => {
    let start = 0;
    const before = (end: number) => (end > start ? [rows.slice([start, 0], [end - start, hidden])] : []);
    const parts = inserted.flatMap(({ at, values }) => {
      const own = tf.tensor2d(values, [values.length / hidden, hidden]);
      const both = [...before(at), own];
      start = at + own.shape[0];
      return both;
    });
    return tf.concat([...parts, ...before(count)]);
  });
  rows.dispose();
  return parts;
}

/** Places of the last tokens of sequences that lie one behind the other. */
export function lastPlaces(sequences: readonly Sequence[]): number[] {
  let end = 0;
  return sequences.map((sequence) => (end += lengthOf(sequence)) - 1);
}

/**
 * Rotary tables of sequences that lie one behind the other: those of the first positions, which serve every text, or
 * where one of them has positions of its own a row for every place of all.
 * @param scale  as in `rotaryTables`
 * @returns      the caller owns them
 */
export function turnsOf(model: Model, sequences: readonly Sequence[], scale = 1): Rotary {
  const { headDim, ropeTheta } = model.config;
  return ownTurnsOf(model, sequences, scale) ?? rotaryTables(longestOf(sequences), headDim, ropeTheta, scale);
}

/** As `turnsOf`; undefined where every text is turned alike, place by place. */
export function ownTurnsOf({ config, sections }: Model, sequences: readonly Sequence[], scale = 1): Rotary | undefined {
  const { headDim, ropeTheta } = config;
  const own = sequences.map((sequence) => (sequence instanceof Int32Array ? undefined : sequence.positions));
  if (own.every((positions) => positions === undefined)) return undefined;
  const axisOf = sections!.flatMap((pairs, axis) => new Array<number>(pairs).fill(axis));
  const places = sequences.flatMap((sequence, text) =>
    Array.from({ length: lengthOf(sequence) }, (_, place) => ({ positions: own[text], place })),
  );
  const positionOf = (row: number, pair: number) => {
    const { positions, place } = places[row]!;
    return positions ? positions[axisOf[pair]!]![place]! : place;
  };
  return rotaryRows(places.length, headDim / 2, positionOf, headDim, ropeTheta, scale);
}

/**
 * A sequence made longer by its last token again and again: no padding token is needed. Where it ends with inserted rows,
 * the first token of the table stands there, which nothing sees.
 */
export function paddedTo(sequence: Sequence, length: number, { hidden }: { hidden: number }): Sequence {
  if (sequence instanceof Int32Array) return extended(sequence, length);
  const { positions: own, inserted } = sequence;
  const endsWithRows = inserted.some(({ at, values }) => at + values.length / hidden === sequence.ids.length);
  const ids = extended(sequence.ids, length, endsWithRows ? 0 : undefined);
  const positions = own && (own.map((axis) => extended(axis, length)) as Positions);
  return { ...sequence, ids, ...(positions && { positions }) };
}

function extended(values: Int32Array, length: number, by = values.at(-1)!): Int32Array {
  const padded = new Int32Array(length).fill(by);
  padded.set(values);
  return padded;
}

const idsOf = (sequence: Sequence): Int32Array => (sequence instanceof Int32Array ? sequence : sequence.ids);

/** The rows that stand in the place of tokens of a sequence. */
export const insertedIn = (sequence: Sequence): readonly InsertedRows[] =>
  sequence instanceof Int32Array ? [] : sequence.inserted;
