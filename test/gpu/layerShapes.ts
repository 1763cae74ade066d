import type { LayerShape } from '../../model/layer/xla/layerShape.js';

/** Sizes of decoder layers that are looked at one by one, by name. */
export const layerShapes: Record<
  string,
  Pick<LayerShape, 'hidden' | 'intermediate' | 'heads' | 'kvHeads' | 'headDim' | 'normEpsilon'>
> = {
  tiny: { hidden: 96, intermediate: 160, heads: 4, kvHeads: 2, headDim: 24, normEpsilon: 1e-6 },
  '0.5B': { hidden: 896, intermediate: 4864, heads: 14, kvHeads: 2, headDim: 64, normEpsilon: 1e-6 },
  '7B': { hidden: 3584, intermediate: 18944, heads: 28, kvHeads: 4, headDim: 128, normEpsilon: 1e-6 },
};

/** Lengths of texts, given again and again until so many rows are full. @param given  such as 10,80,60 */
export function textLengths(given: string, rows: number): number[] {
  const cycle = given.split(',').map(Number);
  const texts: number[] = [];
  for (let left = rows; left > 0; left -= texts.at(-1)!)
    texts.push(Math.min(left, cycle[texts.length % cycle.length]!));
  return texts;
}
