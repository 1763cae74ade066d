import type { TowerTarget } from '../../checkpoints/adapter/names.js';
import type { Precision } from '../../configs/contract.js';
import { projections, type Projection } from '../../configs/schema.js';
import { tf } from '../engine/tf.js';
import type { ModelConfig } from '../modelConfig.js';
import type { EmbeddingTable } from './embeddingTable.js';
import type { Linear } from './linear.js';
import type { LayerWeights } from './paddedLayer.js';

/** A decoder on the device, without a language head. Freed by `disposeModel`. */
export interface Model {
  folder: string;
  config: ModelConfig;
  precision: Precision;
  /** Identity of the weights as `openBaseFolder` states it. */
  weightsHash: string;
  embedding: EmbeddingTable;
  layers: LayerWeights[];
  /** [hidden] */
  finalNorm: tf.Tensor1D;
  /** Where it reads images: how many rotary frequencies turn by time, by row and by column. */
  sections?: readonly [time: number, row: number, column: number];
  /** Blocks of the vision tower, where that is loaded beside it and an adapter may change it; they are not the model's to free. */
  tower?: readonly Record<TowerTarget, Linear>[];
}

/** Free every weight, adapters included. */
export function disposeModel({ layers, finalNorm, embedding }: Model): void {
  embedding.onDevice?.dispose();
  finalNorm.dispose();
  for (const layer of layers) {
    tf.dispose([layer.inputNorm, layer.postAttentionNorm]);
    for (const target of projections) {
      const { weight, bias, adapter } = layer[target];
      weight.dispose();
      tf.dispose([...(bias ? [bias] : []), ...(adapter ? [adapter.a, adapter.b] : [])]);
    }
  }
}

/** What decides the shapes of a layer's weights. */
type LayerSizes = Pick<ModelConfig, 'hidden' | 'intermediate' | 'headDim' | 'heads' | 'kvHeads'>;

/** Shape [out, in] of one projection's weight. */
export function projectionShape(config: LayerSizes, target: Projection): [number, number] {
  const { hidden, intermediate, headDim, heads, kvHeads } = config;
  const queries = heads * headDim;
  const keys = kvHeads * headDim;
  const shapes: Record<Projection, [number, number]> = {
    q: [queries, hidden],
    k: [keys, hidden],
    v: [keys, hidden],
    o: [hidden, queries],
    gate: [intermediate, hidden],
    up: [intermediate, hidden],
    down: [hidden, intermediate],
  };
  return shapes[target];
}
