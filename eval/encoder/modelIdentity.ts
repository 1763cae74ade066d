import { createHash } from 'node:crypto';
import { towerTargets } from '../../checkpoints/adapter/names.js';
import { projections } from '../../configs/schema.js';
import type { Model } from '../../model/layer/decoder.js';
import type { AdapterPair } from '../../model/layer/linear.js';

/** SHA-256, hexadecimal, of a model's weights, its shape and constants, and of the adapter that is attached to it at this moment. */
export function modelIdentity(model: Model): string {
  const hash = createHash('sha256').update(model.weightsHash).update(JSON.stringify(model.config));
  const add = (name: string, adapter: AdapterPair | undefined) => {
    if (!adapter) return;
    hash.update(`${name} ${adapter.scale} ${adapter.a.shape.join()} `);
    for (const matrix of [adapter.a, adapter.b]) hash.update(matrix.dataSync<'float32'>());
  };
  model.layers.forEach((weights, layer) => {
    for (const target of projections) add(`${layer} ${target}`, weights[target].adapter);
  });
  model.tower?.forEach((weights, block) => {
    for (const target of towerTargets) add(`visual ${block} ${target}`, weights[target].adapter);
  });
  return hash.digest('hex');
}
