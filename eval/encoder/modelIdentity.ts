import { createHash } from 'node:crypto';
import { projections } from '../../configs/schema.js';
import type { Model } from '../../model/layer/decoder.js';

/** SHA-256, hexadecimal, of a model's weights, its shape and constants, and of the adapter that is attached to it at this moment. */
export function modelIdentity(model: Model): string {
  const hash = createHash('sha256').update(model.weightsHash).update(JSON.stringify(model.config));
  model.layers.forEach((weights, layer) => {
    for (const target of projections) {
      const { adapter } = weights[target];
      if (!adapter) continue;
      hash.update(`${layer} ${target} ${adapter.scale} ${adapter.a.shape.join()} `);
      for (const matrix of [adapter.a, adapter.b]) hash.update(matrix.dataSync<'float32'>());
    }
  });
  return hash.digest('hex');
}
