import type { Projection } from '../../../configs/schema.js';
import { projections } from '../../../configs/schema.js';
import type { Description, Value } from '../../engine/xla/describeFunction.js';
import type { Operations } from '../../engine/xla/operations.js';
import type { Adapters } from './layerShape.js';

/** An adapter's input with zeros in the place of what is dropped; what is kept is not yet made larger, see `keptScale`. */
export type KeptElements = (x: Value, target: Projection) => Value;

/**
 * Dropout by the hash that dropoutMask.ts states. Takes the keys of the rows and those of the layer's adapters.
 * @returns the identity where nothing is dropped
 */
export function keptElements(
  description: Description,
  f: Operations,
  rows: number,
  { rate }: Pick<Adapters, 'rate'>,
): KeptElements {
  if (rate === 0) return (x) => x;
  const keys = (name: string, count: number) => {
    const bytes = description.take(name, 'uint8', [count, 2, 4]);
    return f.bitcast(bytes, 'uint32', [count, 2]);
  };
  const rowKeys = keys('rowKeys', rows);
  const adapterKeys = keys('adapterKeys', projections.length);
  const limit = f.unsigned(Math.floor(Math.fround(rate) * 2 ** 24) * 256); // 24 bits: a float32 holds them
  return (x, target) => {
    const adapter = projections.indexOf(target);
    const key = (which: 0 | 1) => f.xor(f.columns(rowKeys, which, 1), f.slice(adapterKeys, [adapter, which], [1, 1]));
    const columns = f.reshape(f.bitcast(f.range(x.shape[1]!), 'uint32'), 1, x.shape[1]!);
    const xorShifted = (bits: Value, by: number) => f.xor(bits, f.shiftRight(bits, f.unsigned(by)));
    const half = f.multiply(xorShifted(f.xor(columns, key(0)), 16), f.unsigned(0x85ebca6b));
    const hash = xorShifted(f.multiply(xorShifted(f.xor(half, key(1)), 13), f.unsigned(0xc2b2ae35)), 16);
    return f.choose(f.less(hash, limit), f.cast(f.number(0), x.kind), x);
  };
}

/** What an adapter's product is multiplied with so that dropping changes no mean. In the fused operations' arithmetic. */
export const keptScale = (rate: number): number => Math.fround(1 / Math.fround(1 - Math.fround(rate)));
