import { tf } from '../../../model/engine/tf.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import type { Parameters } from '../../../model/layer/lora.js';
import { alikeGroups, type Group } from './alikeGroups.js';

export interface AdamWSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/** Values by parameter name as they are saved; `updates` counts the updates that made them. */
export interface OptimizerState {
  updates: number;
  moments: Map<string, { mean: Float32Array; square: Float32Array }>;
}

export interface Optimizer {
  /**
   * Change every parameter in place. Takes ownership of nothing.
   * @param scale  of the gradients
   * @throws when a parameter has no gradient
   */
  update(gradients: Gradients, learningRate: number, scale?: number): void;
  state(): OptimizerState;
  dispose(): void;
}

/** The averages of a group of parameters, [parameters, ...shape]. */
interface Moments {
  mean: tf.Tensor;
  square: tf.Tensor;
}

/**
 * AdamW with moments kept by parameter name, so that the order of gradients never matters. Parameters of one shape are
 * updated together, by numbers that are sent to the device once: started one by one, a card waits for all of it.
 * Source: Decoupled Weight Decay Regularization (arXiv 1711.05101) algorithm 2; PyTorch `AdamW`.
 * @param from  a saved state to go on from
 */
export function adamW(parameters: Parameters, settings: AdamWSettings, from?: OptimizerState): Optimizer {
  let updates = from?.updates ?? 0;
  const groups = alikeGroups(parameters).map((group) => ({ group, moments: momentsFrom(group, from) }));

  function update(gradients: Gradients, learningRate: number, scale = 1): void {
    for (const name of parameters.keys()) if (!gradients.has(name)) throw new Error(`adamW: no gradient of ${name}`);
    updates++;
    const numbers = numbersOf(settings, updates, learningRate, scale);
    for (const each of groups) {
      const { group, moments } = each;
      const [mean, square, ...values] = tf.tidy(() => step(group, gradients, parameters, moments, numbers));
      tf.dispose([moments.mean, moments.square]);
      each.moments = { mean: tf.keep(mean!), square: tf.keep(square!) };
      group.names.forEach((name, place) => parameters.get(name)!.assign(values[place]!));
      tf.dispose(values);
    }
    tf.dispose(Object.values(numbers));
  }

  function state(): OptimizerState {
    const saved = new Map<string, { mean: Float32Array; square: Float32Array }>();
    for (const { group, moments } of groups) {
      const [mean, square] = [moments.mean, moments.square].map((tensor) => tensor.dataSync() as Float32Array);
      const size = mean!.length / group.names.length;
      group.names.forEach((name, place) => {
        const of = (values: Float32Array) => values.slice(place * size, (place + 1) * size);
        saved.set(name, { mean: of(mean!), square: of(square!) });
      });
    }
    const inOrder = [...parameters.keys()].map((name) => [name, saved.get(name)!] as const);
    return { updates, moments: new Map(inOrder) };
  }

  function dispose(): void {
    for (const { moments } of groups) tf.dispose([moments.mean, moments.square]);
  }

  return { update, state, dispose };
}

/** Averages of a group as they were saved, or zero. @throws when one was not saved */
function momentsFrom({ names, shape }: Group, from: OptimizerState | undefined): Moments {
  const size = shape.reduce((product, length) => product * length, 1);
  const start = (kind: 'mean' | 'square') => {
    const values = new Float32Array(names.length * size);
    names.forEach((name, place) => {
      const saved = from?.moments.get(name);
      if (from && !saved) throw new Error(`adamW: the saved state has no moments of ${name}`);
      if (saved) values.set(saved[kind], place * size);
    });
    return tf.keep(tf.tensor(values, [names.length, ...shape]));
  };
  return { mean: start('mean'), square: start('square') };
}

/** What an update multiplies with, each a scalar on the device; the caller owns them. */
function numbersOf(
  { beta1, beta2, epsilon, weightDecay }: AdamWSettings,
  updates: number,
  learningRate: number,
  scale: number,
) {
  const values = {
    scale,
    beta1,
    newOfMean: 1 - beta1,
    beta2,
    newOfSquare: 1 - beta2,
    meanScale: 1 / (1 - beta1 ** updates),
    squareScale: 1 / (1 - beta2 ** updates),
    epsilon,
    kept: 1 - learningRate * weightDecay,
    learningRate,
  };
  const tensors = tf.tidy(() => tf.unstack(tf.tensor1d(Object.values(values))));
  const names = Object.keys(values) as (keyof typeof values)[];
  return Object.fromEntries(names.map((name, place) => [name, tensors[place]!])) as Record<
    keyof typeof values,
    tf.Tensor
  >;
}

/** @returns the new averages and, behind them, the new value of each parameter */
function step(
  { names }: Group,
  gradients: Gradients,
  parameters: Parameters,
  old: Moments,
  numbers: ReturnType<typeof numbersOf>,
): tf.Tensor[] {
  const gradient = tf.stack(names.map((name) => gradients.get(name)!)).mul(numbers.scale);
  const mean = old.mean.mul(numbers.beta1).add(gradient.mul(numbers.newOfMean));
  const square = old.square.mul(numbers.beta2).add(gradient.square().mul(numbers.newOfSquare));
  const step = mean.mul(numbers.meanScale).div(square.mul(numbers.squareScale).sqrt().add(numbers.epsilon));
  const values = tf.stack(names.map((name) => parameters.get(name)!));
  return [mean, square, ...tf.unstack(values.mul(numbers.kept).sub(step.mul(numbers.learningRate)))];
}
