import type { PackedDropout, LoraDropout, StackedLora } from '../engine/fused/fusedOps.js';
import { adapterKeys } from '../engine/dropoutMask.js';
import { tf } from '../engine/tf.js';
import type { Linear } from './linear.js';

/** Gradients by parameter name; the caller owns the tensors. */
export type Gradients = Map<string, tf.Tensor>;

/**
 * The adapters of projections that share an input, stacked as the fused operations take them. A projection without one
 * is given zeros. Freed by `disposeStacked`.
 * @returns undefined when none of them has an adapter
 */
export function stackLora(linears: Linear[]): StackedLora | undefined {
  const some = linears.find(({ adapter }) => adapter)?.adapter;
  if (!some) return undefined;
  const rank = some.a.shape[0];
  return tf.tidy(() => ({
    a: tf.concat(linears.map(({ weight, adapter }) => adapter?.a ?? tf.zeros<tf.Rank.R2>([rank, weight.shape[1]]))),
    b: tf.concat(linears.map(({ weight, adapter }) => adapter?.b ?? tf.zeros<tf.Rank.R2>([weight.shape[0], rank]))),
    widths: tf.tensor1d(
      linears.map(({ weight }) => weight.shape[0]),
      'int32',
    ),
    scale: some.scale,
  }));
}

/** What stands for the adapters where there are none. */
export function noLora(): StackedLora {
  return { a: tf.tensor2d([], [0, 1]), b: tf.tensor2d([], [0, 1]), widths: tf.tensor1d([], 'int32'), scale: 1 };
}

/** Free what `stackLora` made. */
export function disposeStacked({ a, b, widths }: StackedLora): void {
  tf.dispose([a, b, widths]);
}

/** The masks of some adapters over the same rows; the caller owns the adapters' keys, not those of the rows. */
export function loraDropout(linears: Linear[], { rate, keys: rowKeys }: PackedDropout): LoraDropout {
  const keys = linears.flatMap(({ adapter }) => adapterKeys(adapter?.number ?? 0));
  return { rate, rowKeys, adapterKeys: tf.tensor2d(keys, [linears.length, 2], 'int32') };
}

/**
 * Add the stacked gradients of some projections to those gathered so far, each under its own name.
 * @param names  of the projections
 * @param a  [adapters * rank, in]
 * @param b  [sum of outs, rank]
 */
export function addLoraGradients(
  into: Gradients,
  names: readonly string[],
  linears: Linear[],
  a: tf.Tensor2D,
  b: tf.Tensor2D,
): void {
  const rank = b.shape[1];
  let firstRow = 0;
  linears.forEach(({ weight, adapter }, index) => {
    const [out, width] = weight.shape;
    if (adapter) {
      const name = names[index]!;
      addGradient(into, `${name}.lora_A`, tf.slice(a, [index * rank, 0], [rank, width]));
      addGradient(into, `${name}.lora_B`, tf.slice(b, [firstRow, 0], [out, rank]));
    }
    firstRow += out;
  });
}

/** Add a gradient to what is there under its name; takes the tensor over. */
export function addGradient(into: Gradients, name: string, gradient: tf.Tensor): void {
  const sum = into.get(name);
  into.set(name, sum ? sum.add(gradient) : gradient);
  if (sum) tf.dispose([sum, gradient]);
}
