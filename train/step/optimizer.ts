import { tf } from '../../model/engine/tf.js';
import type { Gradients } from '../../model/pass/encodeChunk.js';
import type { Parameters } from '../../model/layer/lora.js';

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
  /** Change every parameter in place. Takes ownership of nothing. @throws when a parameter has no gradient */
  update(gradients: Gradients, learningRate: number): void;
  state(): OptimizerState;
  dispose(): void;
}

/**
 * AdamW with moments kept by parameter name, so that the order of gradients never matters.
 * Source: Decoupled Weight Decay Regularization (arXiv 1711.05101) algorithm 2; PyTorch `AdamW`.
 * @param from  a saved state to go on from
 */
export function adamW(parameters: Parameters, settings: AdamWSettings, from?: OptimizerState): Optimizer {
  const { beta1, beta2, epsilon, weightDecay } = settings;
  let updates = from?.updates ?? 0;
  const moments = new Map(
    [...parameters].map(([name, { shape }]) => {
      const saved = from?.moments.get(name);
      if (from && !saved) throw new Error(`adamW: the saved state has no moments of ${name}`);
      const start = (values?: Float32Array) => tf.keep(values ? tf.tensor(values, shape) : tf.zeros(shape));
      return [name, { mean: start(saved?.mean), square: start(saved?.square) }];
    }),
  );

  function update(gradients: Gradients, learningRate: number): void {
    updates++;
    const meanScale = 1 / (1 - beta1 ** updates);
    const squareScale = 1 / (1 - beta2 ** updates);
    for (const [name, parameter] of parameters) {
      const gradient = gradients.get(name);
      if (!gradient) throw new Error(`adamW: no gradient of ${name}`);
      const old = moments.get(name)!;
      const { mean, square, value } = tf.tidy(() => {
        const mean = old.mean.mul(beta1).add(gradient.mul(1 - beta1));
        const square = old.square.mul(beta2).add(gradient.square().mul(1 - beta2));
        const step = mean.mul(meanScale).div(square.mul(squareScale).sqrt().add(epsilon));
        const value = parameter.mul(1 - learningRate * weightDecay).sub(step.mul(learningRate));
        return { mean, square, value };
      });
      tf.dispose([old.mean, old.square]);
      moments.set(name, { mean: tf.keep(mean), square: tf.keep(square) });
      parameter.assign(value);
      value.dispose();
    }
  }

  function state(): OptimizerState {
    const read = (tensor: tf.Tensor) => tensor.dataSync() as Float32Array;
    const saved = [...moments].map(
      ([name, { mean, square }]) => [name, { mean: read(mean), square: read(square) }] as const,
    );
    return { updates, moments: new Map(saved) };
  }

  function dispose(): void {
    for (const { mean, square } of moments.values()) tf.dispose([mean, square]);
  }

  return { update, state, dispose };
}
