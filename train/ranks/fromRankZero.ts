import type { StateTensor } from '../../checkpoints/run/state.js';
import type { Collective } from '../../model/engine/ranks/collective.js';
import { tf } from '../../model/engine/tf.js';
import { bucketsOf } from '../step/exchange.js';

/** Numbers that are sent at a time. */
const bucketSize = 5e6;

/**
 * Tensors of rank 0, exactly, on every rank: a sum to which the others add zeros.
 * @param tensors  names and shapes are the same on all ranks; values count on rank 0 alone
 */
export function fromRankZero(collective: Collective, tensors: Map<string, StateTensor>): Map<string, StateTensor> {
  if (collective.place.ranks === 1) return tensors;
  const sizes = new Map([...tensors].map(([name, { values }]) => [name, { size: values.length }]));
  const received: Map<string, StateTensor> = new Map();
  for (const names of bucketsOf(sizes, bucketSize)) {
    const bucket = new Float32Array(names.reduce((sum, name) => sum + sizes.get(name)!.size, 0));
    let at = 0;
    if (collective.place.rank === 0)
      for (const name of names) {
        bucket.set(tensors.get(name)!.values, at);
        at += sizes.get(name)!.size;
      }
    const sum = tf.tidy(() => collective.sum(tf.tensor1d(bucket)).dataSync<'float32'>());
    at = 0;
    for (const name of names) {
      const { shape, values } = tensors.get(name)!;
      received.set(name, { shape, values: sum.slice(at, (at += values.length)) });
    }
  }
  return received;
}
