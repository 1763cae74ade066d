import type { Projection } from '../../../configs/schema.js';
import { projections } from '../../../configs/schema.js';
import { projectionShape } from '../../../model/layer/decoder.js';
import type { ModelConfig } from '../../../model/modelConfig.js';

/** Floating-point operations of matrix products, two for a multiplication with its addition. */
export interface Flops {
  forward: number;
  /** Gradients of the inputs of every product and of the adapters; frozen weights have none. */
  backward: number;
}

/** Behind the attention of the last layer, and for its queries, only each text's last token matters. */
const neededOfLastTokenAlone: Projection[] = ['q', 'o', 'gate', 'up', 'down'];

/**
 * The products that embedding these texts needs, and those of the gradient: every text once, without padding, and
 * without computing anything again. Attention is counted over the whole square, as is the custom.
 * @param lengths  tokens of each text
 * @param rank     of the adapters on all seven projections; 0 for none
 */
export function neededFlops(config: ModelConfig, lengths: readonly number[], rank: number): Flops {
  const flops: Flops = { forward: 0, backward: 0 };
  for (const length of lengths) {
    addLayers(flops, config.layers - 1, () => length, length, config, length, rank);
    const rows = (target: Projection) => (neededOfLastTokenAlone.includes(target) ? 1 : length);
    addLayers(flops, 1, rows, 1, config, length, rank);
  }
  return flops;
}

function addLayers(
  flops: Flops,
  layers: number,
  rows: (target: Projection) => number,
  queries: number,
  config: ModelConfig,
  length: number,
  rank: number,
): void {
  for (const target of projections) {
    const [outSize, inSize] = projectionShape(config, target);
    const frozen = 2 * rows(target) * inSize * outSize;
    const adapter = 2 * rows(target) * rank * (inSize + outSize);
    flops.forward += layers * (frozen + adapter);
    flops.backward += layers * (frozen + 2 * adapter);
  }
  const attention = 4 * queries * length * config.heads * config.headDim; // q kᵀ, then its shares times v
  flops.forward += layers * attention;
  flops.backward += layers * 2 * attention;
}
