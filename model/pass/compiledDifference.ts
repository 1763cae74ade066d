import type { Precision } from '../../configs/contract.js';
import { projections, type Projection } from '../../configs/schema.js';
import { mixBits } from '../engine/dropoutMask.js';
import { freezeMatrix } from '../engine/product/frozenMatrix.js';
import { tf } from '../engine/tf.js';
import { disposeModel, projectionShape, type Model } from '../layer/decoder.js';
import type { Linear } from '../layer/linear.js';
import { attachAdapter, freshAdapter } from '../layer/lora.js';
import type { Gradients } from '../layer/stackedLora.js';
import { backwardPacked, disposePacked, runPacked } from './packedPass.js';
import { backwardPadded, disposePadded, runPadded } from './paddedPass.js';
import { atOnce } from './stepwise.js';

const config = {
  ...{ vocabularySize: 64, hidden: 96, intermediate: 160, layers: 2, heads: 4, kvHeads: 2, headDim: 24 },
  ...{ ropeTheta: 1e6, normEpsilon: 1e-6 },
};
const texts = [1, 7, 33, 70].map((length) => Int32Array.from({ length }, (_, place) => (place * 7) % 64));

/**
 * How far the functions that XLA compiles lie from the stock operations of the same device: a small decoder of random weights,
 * texts of odd lengths, dropout, there and back.
 * @returns the length of the difference, of states and of each gradient, as a share of their length: the largest
 */
export function compiledDifference(precision: Precision): number {
  const model = randomDecoder(precision);
  const recipe = { rank: 8, alpha: 16, dropout: 0.1, targets: [...projections] };
  const adapter = freshAdapter(model, recipe, 1);
  for (const { b } of adapter.matrices.values()) b.set(randomNumbers(b.length, 0.05));
  const parameters = attachAdapter(model, adapter);
  const dropout = { rate: recipe.dropout, seed: [1, 2] as const, texts: [...texts.keys()] };
  const upstream = tf.tensor2d(randomNumbers(texts.length * config.hidden, 1), [texts.length, config.hidden]);
  const own: Gradients = new Map();
  const stock: Gradients = new Map();

  const packed = atOnce(runPacked(model, texts, { keep: { savedLayers: 1 }, dropout }));
  own.set('states', packed.top.clone());
  atOnce(backwardPacked(model, packed, upstream, own));
  disposePacked(packed);
  const padded = atOnce(runPadded(model, texts, { keep: { savedLayers: 0 }, dropout }));
  stock.set('states', padded.states.at(-1)!.clone());
  atOnce(backwardPadded(model, padded, upstream, parameters, stock)).dispose();
  disposePadded(padded);

  const differences = [...stock].map(([name, wanted]) => relativeDifference(own.get(name)!, wanted));
  tf.dispose([upstream, ...own.values(), ...stock.values()]);
  disposeModel(model);
  return differences.reduce((most, difference) => (difference <= most ? most : difference), 0); // NaN counts as most
}

function relativeDifference(own: tf.Tensor, wanted: tf.Tensor): number {
  return tf.tidy(() => own.sub(wanted).norm().div(wanted.norm()).dataSync<'float32'>()[0]!);
}

function randomDecoder(precision: Precision): Model {
  const { hidden, vocabularySize } = config;
  const vector = (size: number, mean: number) =>
    tf.keep(tf.tensor1d(randomNumbers(size, 0.1).map((value) => value + mean)));
  const linear = (target: Projection): Linear => {
    const shape = projectionShape(config, target);
    const values = randomNumbers(shape[0] * shape[1], Math.sqrt(3 / shape[1]));
    const weight = freezeMatrix({ dtype: 'F32', bytes: new Uint8Array(values.buffer) }, shape, precision);
    return 'qkv'.includes(target) ? { weight, bias: vector(shape[0], 0) } : { weight };
  };
  return {
    ...{ folder: 'random', weightsHash: 'random', config, precision },
    embedding: {
      shape: [vocabularySize, hidden],
      rows: (ids) => Float32Array.from([...ids].flatMap((id) => [...randomNumbers(hidden, 1, id)])),
    },
    layers: Array.from({ length: config.layers }, () => ({
      ...(Object.fromEntries(projections.map((target) => [target, linear(target)])) as Record<Projection, Linear>),
      ...{ inputNorm: vector(hidden, 1), postAttentionNorm: vector(hidden, 1) },
    })),
    finalNorm: vector(hidden, 1),
  };
}

/** Between -size and size, the same each time. */
const randomNumbers = (count: number, size: number, seed = count): Float32Array =>
  Float32Array.from({ length: count }, (_, place) => (size * mixBits(mixBits(seed) + place)) / 2 ** 31);
