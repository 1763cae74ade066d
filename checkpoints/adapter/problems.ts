import type { Projection } from '../../configs/schema.js';
import type { Adapter } from './adapter.js';
import { isInTower, matrixName, towerMatrixName, towerPart } from './names.js';

/**
 * What would make an adapter do nothing, or harm, where it is loaded; an empty list when all is well.
 * @param layers   decoder layers of the base
 * @param targets  projections that every layer should have an adapter on
 */
export function adapterProblems(adapter: Adapter, layers: number, targets: readonly Projection[]): string[] {
  const named = [...adapter.matrices];
  return [
    ...adapterGaps(adapter, layers, targets),
    ...list(
      'lora_B is all zero, so nothing was learned, on',
      named.flatMap(([name, { b }]) => (b.every((value) => value === 0) ? [name] : [])),
    ),
    ...list(
      'numbers that are not finite on',
      named.flatMap(([name, { a, b }]) => (isFinite(a) && isFinite(b) ? [] : [name])),
    ),
  ];
}

/**
 * Where an adapter and the decoder layers of its base do not match one to one, or some block of the vision tower lacks
 * what others have; an empty list when all is well.
 * @param targets  projections that every layer should have an adapter on; those the adapter names unless given
 */
export function adapterGaps(
  adapter: Adapter,
  layers: number,
  targets: readonly Projection[] = adapter.targets,
): string[] {
  const tower = towerPart(adapter.matrices.keys());
  const expected = new Set([
    ...Array.from({ length: layers }, (_, layer) => targets.map((target) => matrixName(layer, target))).flat(),
    ...Array.from({ length: tower.blocks }, (_, block) =>
      tower.targets.map((target) => towerMatrixName(block, target)),
    ).flat(),
  ]);
  return [
    ...list(
      'no adapter on',
      [...expected].filter((name) => !adapter.matrices.has(name)),
    ),
    ...list(
      'an adapter where the base has no such projection to adapt:',
      [...adapter.matrices.keys()].filter((name) => !expected.has(name)),
    ),
  ];
}

/** Whether an adapter has matrices in the vision tower and all of them still do nothing, as where no image came in any update. */
export function towerIsFresh({ matrices }: Adapter): boolean {
  const ofTower = [...matrices].filter(([name]) => isInTower(name));
  return ofTower.length > 0 && ofTower.every(([, { b }]) => b.every((value) => value === 0));
}

const isFinite = (values: Float32Array) => values.every(Number.isFinite);

const shown = 3;

function list(problem: string, names: string[]): string[] {
  if (names.length === 0) return [];
  const rest = names.length > shown ? ` and ${names.length - shown} more` : '';
  return [`${problem} ${names.slice(0, shown).join(', ')}${rest}`];
}
