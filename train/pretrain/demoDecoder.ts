import { matrixName } from '../../checkpoints/adapter/names.js';
import { projections, type Projection } from '../../configs/schema.js';
import { seededRandom } from '../../data/random.js';
import { tf } from '../../model/engine/tf.js';
import type { LayerWeights } from '../../model/layer/paddedLayer.js';
import type { Linear } from '../../model/layer/linear.js';
import { projectionShape } from '../../model/layer/decoder.js';
import type { Parameters } from '../../model/layer/lora.js';
import type { ModelConfig } from '../../model/modelConfig.js';

/** A decoder whose every weight learns; `parameters` holds them by their names in the checkpoint. */
export interface TrainableDecoder {
  config: ModelConfig;
  parameters: Parameters;
  /** [vocabulary, hidden]; also the language head */
  embedding: tf.Tensor2D;
  layers: LayerWeights[];
  /** [hidden] */
  finalNorm: tf.Tensor1D;
}

/**
 * Fresh weights: normal with standard deviation 0.02, the two projections that end a residual branch divided by
 * sqrt(2 layers), norms one, biases zero. Source: GPT-2 report section 2.3; Hugging Face `Qwen2PreTrainedModel`.
 */
export function freshDecoder(config: ModelConfig, seed: number): TrainableDecoder {
  const parameters: Parameters = new Map();
  const add = (name: string, values: Float32Array, shape: number[]): tf.Tensor => {
    const initial = tf.tensor(values, shape);
    const variable = tf.variable(initial, true);
    initial.dispose();
    parameters.set(name, variable);
    return variable;
  };
  const ones = (name: string) => add(name, new Float32Array(config.hidden).fill(1), [config.hidden]) as tf.Tensor1D;
  const matrix = (name: string, shape: [number, number], deviation: number) =>
    add(name, normal(shape[0] * shape[1], deviation, seededRandom(seed, name)), shape) as tf.Tensor2D;

  const embedding = matrix('model.embed_tokens.weight', [config.vocabularySize, config.hidden], 0.02);
  const layers = Array.from({ length: config.layers }, (_, layer): LayerWeights => {
    const linear = (target: Projection): Linear => {
      const shape = projectionShape(config, target);
      const name = `model.${matrixName(layer, target)}`;
      const endsBranch = target === 'o' || target === 'down';
      const weight = matrix(`${name}.weight`, shape, endsBranch ? 0.02 / Math.sqrt(2 * config.layers) : 0.02);
      if (!['q', 'k', 'v'].includes(target)) return { weight };
      return { weight, bias: add(`${name}.bias`, new Float32Array(shape[0]), [shape[0]]) as tf.Tensor1D };
    };
    return {
      ...(Object.fromEntries(projections.map((target) => [target, linear(target)])) as Record<Projection, Linear>),
      inputNorm: ones(`model.layers.${layer}.input_layernorm.weight`),
      postAttentionNorm: ones(`model.layers.${layer}.post_attention_layernorm.weight`),
    };
  });
  return { config, parameters, embedding, layers, finalNorm: ones('model.norm.weight') };
}

/** Normal numbers. Source: Box and Muller (1958). */
export function normal(size: number, deviation: number, random: () => number): Float32Array {
  return Float32Array.from(
    { length: size },
    () => deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}
