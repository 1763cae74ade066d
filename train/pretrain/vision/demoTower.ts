import { seededRandom } from '../../../data/random.js';
import { tf } from '../../../model/engine/tf.js';
import type { Linear } from '../../../model/layer/linear.js';
import type { Parameters } from '../../../model/layer/lora.js';
import { mostScores, type TowerWeights } from '../../../model/vision/tower.js';
import type { VisionConfig } from '../../../model/vision/visionConfig.js';
import { normal } from '../demoDecoder.js';
import { patchFilters } from './patchFilters.js';

/** A vision tower whose every weight learns; `parameters` holds them by their names in the checkpoint. */
export interface TrainableTower {
  config: VisionConfig;
  parameters: Parameters;
  weights: TowerWeights;
}

export const patchName = 'visual.patch_embed.proj.weight';

/**
 * Fresh weights: matrices normal with a deviation of 1 / sqrt(inputs), those that end a residual branch divided by
 * sqrt(2 blocks), norms one, biases zero. The patch
 * embedding, that of both frames of a still image together, is `patchFilters`.
 */
export function freshTower(config: VisionConfig, seed: number): TrainableTower {
  const { hidden, intermediate, patch, merge, out } = config;
  const parameters: Parameters = new Map();
  const add = <T extends tf.Tensor>(name: string, values: Float32Array, shape: number[]): T => {
    const initial = tf.tensor(values, shape);
    const variable = tf.variable(initial, true);
    initial.dispose();
    parameters.set(name, variable);
    return variable as tf.Tensor as T;
  };
  const matrix = (name: string, to: number, from: number, share = 1) =>
    add<tf.Tensor2D>(name, normal(to * from, share / Math.sqrt(from), seededRandom(seed, name)), [to, from]);
  const linear = (name: string, to: number, from: number, share = 1): Linear => ({
    weight: matrix(`visual.${name}.weight`, to, from, share),
    bias: add<tf.Tensor1D>(`visual.${name}.bias`, new Float32Array(to), [to]),
  });
  const ones = (name: string) => add<tf.Tensor1D>(`visual.${name}.weight`, new Float32Array(hidden).fill(1), [hidden]);

  const ending = 1 / Math.sqrt(2 * config.blocks);
  const joined = hidden * merge * merge;
  const weights: TowerWeights = {
    patchEmbedding: { weight: add<tf.Tensor2D>(patchName, patchFilters(hidden, patch), [hidden, 3 * patch * patch]) },
    blocks: Array.from({ length: config.blocks }, (_, block) => ({
      norm1: ones(`blocks.${block}.norm1`),
      norm2: ones(`blocks.${block}.norm2`),
      qkv: linear(`blocks.${block}.attn.qkv`, 3 * hidden, hidden),
      proj: linear(`blocks.${block}.attn.proj`, hidden, hidden, ending),
      gate: linear(`blocks.${block}.mlp.gate_proj`, intermediate, hidden),
      up: linear(`blocks.${block}.mlp.up_proj`, intermediate, hidden),
      down: linear(`blocks.${block}.mlp.down_proj`, hidden, intermediate, ending),
    })),
    mergerNorm: ones('merger.ln_q'),
    mergerIn: linear('merger.mlp.0', joined, joined),
    mostScores,
    mergerOut: linear('merger.mlp.2', out, joined, 0.1), // a decoder's embeddings are short
  };
  return { config, parameters, weights };
}
