import type { Adapter } from '../../checkpoints/adapter/adapter.js';
import { matrixName } from '../../checkpoints/adapter/names.js';
import { projections, type Projection } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { seededRandom } from '../../data/random.js';
import { tf } from '../engine/tf.js';
import { projectionShape, type Model } from './decoder.js';

/** The matrices that training changes, by name, such as `layers.0.self_attn.q_proj.lora_A`. They belong to the model. */
export type Parameters = Map<string, tf.Variable>;

/**
 * A fresh adapter: A uniform within 1 / sqrt(in), B zero, so that the model starts equal to its base.
 * Source: PEFT `LoraLayer.reset_lora_parameters` (Kaiming uniform with a = sqrt(5)).
 */
export function freshAdapter(
  model: Model,
  { rank, alpha, dropout, targets }: { rank: number; alpha: number; dropout: number; targets: Projection[] },
  seed: number,
): Adapter {
  const matrices: Adapter['matrices'] = new Map();
  model.layers.forEach((_, layer) => {
    for (const target of targets) {
      const [outSize, inSize] = projectionShape(model.config, target);
      const name = matrixName(layer, target);
      const random = seededRandom(seed, 'lora_A', name);
      const bound = 1 / Math.sqrt(inSize);
      const a = Float32Array.from({ length: rank * inSize }, () => (2 * random() - 1) * bound);
      matrices.set(name, { a, b: new Float32Array(outSize * rank), inSize, outSize });
    }
  });
  return { rank, alpha, dropout, targets, base: model.folder, weightsHash: model.weightsHash, matrices };
}

/**
 * Put an adapter's matrices on the device and attach them to the model's projections, in the place of those of an adapter
 * that is attached already: these are freed.
 * @returns the matrices by name, in the order of layers and projections
 * @throws UserError when the adapter was made for another base; the model is then as it was
 */
export function attachAdapter(model: Model, adapter: Adapter): Parameters {
  const { rank, alpha, matrices } = adapter;
  requireFit(model, adapter);
  removeAdapter(model);
  const parameters: Parameters = new Map();
  model.layers.forEach((weights, layer) => {
    projections.forEach((target, index) => {
      const name = matrixName(layer, target);
      const matrix = matrices.get(name);
      if (!matrix) return;
      const a = variable(`${name}.lora_A`, matrix.a, [rank, matrix.inSize], parameters);
      const b = variable(`${name}.lora_B`, matrix.b, [matrix.outSize, rank], parameters);
      weights[target].adapter = { a, b, scale: alpha / rank, number: layer * projections.length + index };
    });
  });
  return parameters;
}

/**
 * Take the adapter off the model without freeing it: the model is its base until the adapter is put back. Whoever trains
 * it goes on holding its matrices.
 * @returns puts it back; an adapter that was attached in the meantime is freed
 */
export function setAdapterAside(model: Model): () => void {
  const aside = model.layers.flatMap((weights) =>
    projections.map((target) => {
      const { adapter } = weights[target];
      delete weights[target].adapter;
      return { linear: weights[target], adapter };
    }),
  );
  return () => {
    removeAdapter(model);
    for (const { linear, adapter } of aside) if (adapter) linear.adapter = adapter;
  };
}

/** Take the adapter off the model and free it: the model is its base again. */
export function removeAdapter(model: Model): void {
  for (const weights of model.layers) {
    for (const target of projections) {
      const { adapter } = weights[target];
      if (adapter) tf.dispose([adapter.a, adapter.b]);
      delete weights[target].adapter;
    }
  }
}

/** Read the trained matrices back from the device. @param like  the adapter that was attached: its settings are kept */
export function detachedAdapter(parameters: Parameters, like: Adapter): Adapter {
  const values = (name: string) => Float32Array.from(parameters.get(name)!.dataSync());
  const matrices = [...like.matrices].map(
    ([name, { inSize, outSize }]) =>
      [name, { a: values(`${name}.lora_A`), b: values(`${name}.lora_B`), inSize, outSize }] as const,
  );
  return { ...like, matrices: new Map(matrices) };
}

/**
 * Check an adapter against a model.
 * @throws UserError when it was made for another base: a layer or a shape does not fit or, where the adapter says which
 *   weights it was trained on, the weights are others
 */
export function requireFit(model: Model, { matrices, base, weightsHash }: Adapter): void {
  const refusal = `the adapter was made for another base (${base}), not for ${model.folder}`;
  const expected = new Map(
    model.layers.flatMap((_, layer) =>
      projections.map((target) => [matrixName(layer, target), projectionShape(model.config, target)] as const),
    ),
  );
  for (const [name, { inSize, outSize }] of matrices) {
    const shape = expected.get(name);
    if (shape && shape[0] === outSize && shape[1] === inSize) continue;
    const found = shape ? `is [${outSize}, ${inSize}] where the base has [${shape}]` : 'has no place in the base';
    throw new UserError(`${refusal}: ${name} ${found}`);
  }
  if (weightsHash !== undefined && weightsHash !== model.weightsHash)
    throw new UserError(`${refusal}: the weights differ`);
}

function variable(name: string, values: Float32Array, shape: [number, number], into: Parameters): tf.Tensor2D {
  const initial = tf.tensor2d(values, shape);
  const made = tf.variable(initial, true);
  initial.dispose();
  into.set(name, made);
  return made as tf.Tensor as tf.Tensor2D;
}
