import { projections, type Projection } from '../../../configs/schema.js';
import type { NumberKind } from '../../engine/native/typeCodes.js';
import type { ModelConfig } from '../../modelConfig.js';

/** All that the functions of a decoder layer depend on besides the number of rows. */
export interface LayerShape extends Pick<
  ModelConfig,
  'hidden' | 'intermediate' | 'heads' | 'kvHeads' | 'headDim' | 'normEpsilon'
> {
  /** Kind of the frozen weights. */
  weights: NumberKind;
  /** Kind of activations between products; what is added up over layers stays float32. */
  wide: 'float32' | 'bfloat16';
  adapters: Adapters | undefined;
}

/** Adapters of one rank on some of the projections. */
export interface Adapters {
  targets: readonly Projection[];
  rank: number;
  /** alpha / rank */
  scale: number;
  /** How much of their inputs is dropped. */
  rate: number;
}

/** A function's name says its shapes: those of one name are alike. @param rest  rows, slices and variants */
export function functionName(part: string, shape: LayerShape, ...rest: (string | number)[]): string {
  const { hidden, intermediate, heads, kvHeads, headDim, normEpsilon, weights, wide, adapters } = shape;
  const sizes = [hidden, intermediate, heads, kvHeads, headDim, normEpsilon];
  const lora = adapters ? [lettersOf(adapters.targets), adapters.rank, adapters.scale, adapters.rate] : ['noAdapters'];
  return ['Tercet', part, ...rest, ...sizes, weights, wide, ...lora].join('_').replace(/[^A-Za-z0-9_]/g, 'p');
}

/** Columns of queries, keys and values side by side. */
export const qkvWidth = ({ heads, kvHeads, headDim }: LayerShape): number => (heads + 2 * kvHeads) * headDim;

const lettersOf = (targets: readonly Projection[]) => projections.filter((target) => targets.includes(target)).join('');
