import { compiledFunction, type CompiledFunction } from '../../engine/xla/compiledFunction.js';
import { operations } from '../../engine/xla/operations.js';
import type { Projection } from '../../../configs/schema.js';
import { keptElements } from './keptElements.js';
import { functionName, type LayerShape } from './layerShape.js';
import type { Making } from './projectionGroup.js';

/**
 * A function of a layer over so many rows.
 * @param targets  whose adapters it may have; others do not decide what it computes
 */
export function makeFunction(
  part: string,
  shape: LayerShape,
  rows: number,
  targets: readonly Projection[],
  body: (making: Making) => void,
): CompiledFunction {
  const own = { ...shape, adapters: adaptersOf(shape, targets) };
  return compiledFunction(functionName(part, own, rows), (description) => {
    const f = operations(description);
    const kept = keptElements(description, f, rows, own.adapters ?? { rate: 0 });
    body({ description, f, shape: own, kept });
  });
}

function adaptersOf({ adapters }: LayerShape, targets: readonly Projection[]): LayerShape['adapters'] {
  const own = adapters?.targets.filter((target) => targets.includes(target)) ?? [];
  return own.length > 0 ? { ...adapters!, targets: own } : undefined;
}
