import type { BaseShape } from '../configs/baseFile.js';
import type { RunConfig } from '../configs/schema.js';
import { adapterParameters, matrixParameters, vectorParameters } from './shapeArithmetic.js';

/** Gradient and the two averages of AdamW, beside the number itself. */
const copiesInTraining = 4;

/**
 * The memory that a base needs on the device, for people: what is the same for every batch. The embedding table and the
 * language head are not among it: rows of the one are read from the file, the other is not loaded.
 */
export function memoryLines(shape: BaseShape, { lora, contract }: RunConfig): [what: string, bytes: number][] {
  const numberBytes = contract.precision === 'float32' ? 4 : 2;
  return [
    [`weights in ${contract.precision}`, numberBytes * matrixParameters(shape) + 4 * vectorParameters(shape)],
    [
      `adapters of rank ${lora.rank} with gradients and moments`,
      4 * copiesInTraining * adapterParameters(shape, lora.rank, lora.targets),
    ],
  ];
}
