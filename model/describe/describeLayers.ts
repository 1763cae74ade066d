import { capabilities } from '../engine/capabilities.js';
import { compiledLayersChoice } from '../engine/compiledLayersChoice.js';

/** How the layers of a model run on the engine that was started, and why, for people. */
export function describeLayers(): string {
  const { compiledLayers, fusedOps } = capabilities();
  const how = compiledLayers
    ? 'compiled by XLA, half a minute where a card does it first'
    : `in ${fusedOps ? 'fused' : 'stock'} operations`;
  return `${how}: ${compiledLayersChoice().why}`;
}
