import type { BaseShape } from '../../configs/load/baseFile.js';
import { projections, type Projection } from '../../configs/schema.js';
import { projectionShape } from '../layer/decoder.js';
import type { ModelConfig } from '../modelConfig.js';

/** Numbers in the frozen matrices of all layers: what every token is multiplied with. */
export const matrixParameters = (shape: BaseShape) => shape.layers * matricesOfLayer(configOf(shape));

/** Numbers in the frozen matrices of a layer. */
export const matricesOfLayer = (config: ModelConfig) =>
  sum(projections.map((target) => product(projectionShape(config, target))));

/** Numbers that stay in float32: norms, and the biases of queries, keys and values. */
function vectorParameters(shape: BaseShape): number {
  const biases = sum((['q', 'k', 'v'] as const).map((target) => sides(shape, target)[0]));
  return shape.layers * (2 * shape.hidden + biases) + shape.hidden;
}

/** Numbers in a checkpoint as it is published: language head and vision tower too. */
export function checkpointParameters(shape: BaseShape): number {
  const table = shape.vocabularyRows * shape.hidden;
  return matrixParameters(shape) + vectorParameters(shape) + table * (shape.tied ? 1 : 2) + shape.visionParameters;
}

/** Numbers that training changes. */
export const adapterParameters = (shape: BaseShape, rank: number, targets: readonly Projection[]) =>
  shape.layers * rank * sum(targets.map((target) => sum(sides(shape, target))));

/** The shape that a loaded config.json tells. */
export const shapeOf = (config: ModelConfig, tied: boolean): BaseShape => ({
  hidden: config.hidden,
  layers: config.layers,
  heads: config.heads,
  kvHeads: config.kvHeads,
  headDim: config.headDim,
  intermediate: config.intermediate,
  vocabularyRows: config.vocabularySize,
  tied,
  ropeTheta: config.ropeTheta,
  visionParameters: 0,
});

/** The part of a config.json that a shape tells; the least that a root of a norm takes is in none. */
export const configOf = (shape: BaseShape): ModelConfig => ({
  ...shape,
  vocabularySize: shape.vocabularyRows,
  normEpsilon: 1e-6,
});

const sides = (shape: BaseShape, target: Projection) => projectionShape(shape, target);
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const product = ([rows, columns]: [number, number]) => rows * columns;
