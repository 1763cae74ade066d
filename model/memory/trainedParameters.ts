import type { BaseShape } from '../../configs/load/baseFile.js';
import type { RunConfig } from '../../configs/schema.js';
import type { TowerShape } from '../vision/visionConfig.js';
import { adapterParameters } from './shapeArithmetic.js';
import { towerAdapterElements } from './towerBytes.js';

/**
 * Numbers that a training changes: those of the decoder's adapters and, where it learns too, the vision tower's.
 * @param tower  of the base, where images are read
 */
export const trainedParameters = (shape: BaseShape, lora: RunConfig['lora'], tower = towerOf(shape)): number =>
  adapterParameters(shape, lora.rank, lora.targets) +
  (tower && lora.tower ? towerAdapterElements(tower, lora.rank) : 0);

/** The vision tower of a base by its shape, undefined where it has none. */
export const towerOf = ({ vision, hidden }: BaseShape): TowerShape | undefined => vision && { ...vision, out: hidden };
