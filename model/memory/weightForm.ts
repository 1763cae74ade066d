import type { Precision } from '../../configs/contract.js';
import { capabilities } from '../engine/capabilities.js';
import { multipliesFast } from '../engine/native/multipliesFast.js';

/**
 * How frozen weights of a precision lie in memory on the engine that runs.
 * @returns bytes of a weight, and whether a float32 copy of it is made for each product
 */
export function weightForm({ precision }: { precision: Precision }): { weightBytes: 2 | 4 | 8; casts: boolean } {
  const { fusedOps, valuesInPlace } = capabilities();
  if (valuesInPlace) return { weightBytes: 8, casts: false }; // each matrix lies there transposed too
  if (precision === 'float32') return { weightBytes: 4, casts: false };
  return { weightBytes: 2, casts: fusedOps && !multipliesFast(precision) };
}
