import type { Collective } from '../../model/engine/ranks/collective.js';
import { tf } from '../../model/engine/tf.js';
import type { Parameters } from '../../model/layer/lora.js';
import type { Gradients } from '../../model/pass/encodeChunk.js';
import { GivenUp } from './givenUp.js';

/** What the ranks that share a pool do together. */
export interface Exchange {
  collective: Collective;
  /** Whether this rank was asked to stop. They agree on it whenever they exchange something: alone, none may leave. */
  isAskedToStop: () => boolean;
}

/**
 * The embeddings of all texts of a set, of which each rank has its own.
 * @param own     of this rank's texts, in the order of their places; freed
 * @param places  of each rank's texts in the order of the set
 * @returns [texts, hidden] in the order of the set, the same bits on every rank; the caller owns it
 * @throws GivenUp, on every rank, where one was asked to stop
 */
export function gatherRows(
  { collective, isAskedToStop }: Exchange,
  own: tf.Tensor2D,
  places: readonly number[][],
): tf.Tensor2D {
  if (places.length === 1) return own;
  const [rows, hidden] = own.shape;
  // Every rank sends as many rows; the last of them says whether it was asked to stop.
  const sent = Math.max(...places.map(({ length }) => length)) + 1;
  const padding = new Float32Array((sent - rows) * hidden);
  padding[(sent - rows - 1) * hidden] = isAskedToStop() ? 1 : 0;
  const gathered = tf.tidy(() => collective.gather(own.concat(tf.tensor2d(padding, [sent - rows, hidden]))));
  const isOver = tf.tidy(() => {
    const last = places.map((_, rank) => rank * sent + sent - 1);
    return tf.gather(gathered, tf.tensor1d(last, 'int32')).sum().dataSync()[0]! > 0;
  });
  if (isOver) throw new GivenUp();
  const from = new Int32Array(places.reduce((sum, { length }) => sum + length, 0));
  places.forEach((taken, rank) => taken.forEach((place, row) => (from[place] = rank * sent + row)));
  const all = tf.tidy(() => tf.gather(gathered, tf.tensor1d(from, 'int32')));
  tf.dispose([own, gathered]);
  return all;
}

/** The rows of this rank's texts out of those of the whole set; the caller owns them, `all` is freed. */
export function ownRows(all: tf.Tensor2D, places: readonly number[][], rank: number): tf.Tensor2D {
  if (places.length === 1) return all;
  const own = tf.tidy(() => tf.gather(all, tf.tensor1d(Int32Array.from(places[rank]!), 'int32')));
  all.dispose();
  return own;
}

/** Of several questions: whether any rank says so; the same answers on every rank. */
export function agreed<const T extends readonly boolean[]>(
  collective: Collective,
  says: T,
): { -readonly [K in keyof T]: boolean } {
  const sums = tf.tidy(() => collective.sum(tf.tensor1d(says.map(Number))).dataSync());
  return says.map((_, index) => sums[index]! > 0) as { -readonly [K in keyof T]: boolean };
}

/** Numbers that are summed over the ranks at a time: about 20 MB, the fastest on processors. */
const bucketSize = 5e6;

/**
 * Sum the gradients of an update over the ranks, in place: each had its own texts' part, which may be none.
 * @returns whether a rank was asked to stop, the same on every rank
 */
export function sumGradients(exchange: Exchange, gradients: Gradients, parameters: Parameters): boolean {
  const { collective, isAskedToStop } = exchange;
  if (collective.place.ranks === 1) return isAskedToStop();
  let asked = isAskedToStop() ? 1 : 0;
  bucketsOf(parameters, bucketSize).forEach((names, index) => {
    const parts = names.map((name) => gradients.get(name) ?? tf.zeros(parameters.get(name)!.shape));
    const sums = tf.tidy(() => {
      const flat = parts.map((part) => part.flatten());
      const sum = collective.sum(tf.concat1d([...flat, tf.tensor1d([index === 0 ? asked : 0])] as tf.Tensor1D[]));
      let at = 0;
      return [...parts, tf.scalar(0)].map(({ size, shape }) => {
        at += size;
        return sum.slice(at - size, size).reshape(shape);
      });
    });
    const answer = sums.pop()!;
    if (index === 0) asked = answer.dataSync()[0]!;
    tf.dispose([...parts, answer]);
    names.forEach((name, place) => gradients.set(name, sums[place]!));
  });
  return asked > 0;
}

/** Names in their order, cut so that the numbers of each part but a single large one stay within a size. */
export function bucketsOf(parameters: ReadonlyMap<string, { size: number }>, most: number): string[][] {
  const buckets: string[][] = [];
  let room = 0;
  for (const [name, { size }] of parameters) {
    if (buckets.length === 0 || size > room) {
      buckets.push([]);
      room = most;
    }
    buckets.at(-1)!.push(name);
    room -= size;
  }
  return buckets;
}
