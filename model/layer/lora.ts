import type { Adapter } from '../../checkpoints/adapter/adapter.js';
import { matrixName, towerMatrixName, towerTargets } from '../../checkpoints/adapter/names.js';
import { projections, type Projection } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import { seededRandom } from '../../data/random.js';
import { tf } from '../engine/tf.js';
import type { Model } from './decoder.js';
import type { Linear } from './linear.js';

/** The matrices that training changes, by name, such as `layers.0.self_attn.q_proj.lora_A`. They belong to the model. */
export type Parameters = Map<string, tf.Variable>;

/**
 * A fresh adapter: A uniform within 1 / sqrt(in), B zero, so that the model starts equal to its base.
 * Source: PEFT `LoraLayer.reset_lora_parameters` (Kaiming uniform with a = sqrt(5)).
 * @param settings.tower  every linear layer of the blocks of the model's vision tower gets one too
 */
export function freshAdapter(
  model: Model,
  { rank, alpha, dropout, targets, tower }: LoraSettings,
  seed: number,
): Adapter {
  if (tower && !model.tower) throw new Error('the vision tower must be loaded before it gets an adapter');
  const matrices: Adapter['matrices'] = new Map();
  const adapted = [...decoderPlaces(model, targets), ...(tower ? towerPlaces(model) : [])];
  for (const { name, linear } of adapted) {
    const [outSize, inSize] = linear.weight.shape;
    const random = seededRandom(seed, 'lora_A', name);
    const bound = 1 / Math.sqrt(inSize);
    const a = Float32Array.from({ length: rank * inSize }, () => (2 * random() - 1) * bound);
    matrices.set(name, { a, b: new Float32Array(outSize * rank), inSize, outSize });
  }
  return { rank, alpha, dropout, targets: [...targets], base: model.folder, weightsHash: model.weightsHash, matrices };
}

/**
 * Put an adapter's matrices on the device and attach them to the model's projections and its vision tower's, in the place
 * of those of an adapter that is attached already: these are freed.
 * @returns the matrices by name, in the order of layers and projections, the decoder's first
 * @throws UserError when the adapter was made for another base; the model is then as it was
 */
export function attachAdapter(model: Model, adapter: Adapter): Parameters {
  const { rank, alpha, matrices } = adapter;
  requireFit(model, adapter);
  removeAdapter(model);
  const parameters: Parameters = new Map();
  placesOf(model).forEach(({ name, linear }, number) => {
    const matrix = matrices.get(name);
    if (!matrix) return;
    const a = variable(`${name}.lora_A`, matrix.a, [rank, matrix.inSize], parameters);
    const b = variable(`${name}.lora_B`, matrix.b, [matrix.outSize, rank], parameters);
    linear.adapter = { a, b, scale: alpha / rank, number };
  });
  return parameters;
}

/**
 * Take the adapter off the model without freeing it: the model is its base until the adapter is put back. Whoever trains
 * it goes on holding its matrices.
 * @returns puts it back; an adapter that was attached in the meantime is freed
 */
export function setAdapterAside(model: Model): () => void {
  const aside = placesOf(model).map(({ linear }) => {
    const { adapter } = linear;
    delete linear.adapter;
    return { linear, adapter };
  });
  return () => {
    removeAdapter(model);
    for (const { linear, adapter } of aside) if (adapter) linear.adapter = adapter;
  };
}

/** Take the adapter off the model and free it: the model is its base again. */
export function removeAdapter(model: Model): void {
  for (const { linear } of placesOf(model)) {
    const { adapter } = linear;
    if (adapter) tf.dispose([adapter.a, adapter.b]);
    delete linear.adapter;
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
  const expected = new Map(placesOf(model).map(({ name, linear }) => [name, linear.weight.shape]));
  for (const [name, { inSize, outSize }] of matrices) {
    const shape = expected.get(name);
    if (shape && shape[0] === outSize && shape[1] === inSize) continue;
    const found = shape ? `is [${outSize}, ${inSize}] where the base has [${shape}]` : 'has no place in the base';
    throw new UserError(`${refusal}: ${name} ${found}`);
  }
  if (weightsHash !== undefined && weightsHash !== model.weightsHash)
    throw new UserError(`${refusal}: the weights differ`);
}

interface LoraSettings {
  rank: number;
  alpha: number;
  dropout: number;
  targets: readonly Projection[];
  tower?: boolean | undefined;
}

/** A layer that may have an adapter. */
interface AdapterPlace {
  name: string;
  linear: Linear;
}

/** All of them; the place of one among them is the number of its adapter. */
const placesOf = (model: Model): AdapterPlace[] => [...decoderPlaces(model, projections), ...towerPlaces(model)];

const decoderPlaces = ({ layers }: Model, targets: readonly Projection[]): AdapterPlace[] =>
  layers.flatMap((weights, layer) =>
    targets.map((target) => ({ name: matrixName(layer, target), linear: weights[target] })),
  );

const towerPlaces = ({ tower = [] }: Model): AdapterPlace[] =>
  tower.flatMap((weights, block) =>
    towerTargets.map((target) => ({ name: towerMatrixName(block, target), linear: weights[target] })),
  );

function variable(name: string, values: Float32Array, shape: [number, number], into: Parameters): tf.Tensor2D {
  const initial = tf.tensor2d(values, shape);
  const made = tf.variable(initial, true);
  initial.dispose();
  into.set(name, made);
  return made as tf.Tensor as tf.Tensor2D;
}
