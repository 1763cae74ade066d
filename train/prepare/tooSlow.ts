import type { BaseShape } from '../../configs/load/baseFile.js';
import type { Engine } from '../../model/engine/startEngine.js';
import { matrixParameters } from '../../model/memory/shapeArithmetic.js';

/**
 * Where TensorFlow could not be set up, a run that nobody watches must not take days instead of hours; the small bases
 * that people try tercet with take minutes.
 * @returns the problem, if it is one
 */
export function tooSlow(
  base: string,
  shape: BaseShape,
  { isFallback, why }: Pick<Engine, 'isFallback' | 'why'>,
): string[] {
  const weights = matrixParameters(shape);
  if (!isFallback || weights <= mostOnWasm) return [];
  return [
    `training ${base}, ${Math.round(weights / 1e6)} million weights, takes days on WebAssembly, and TensorFlow does not ` +
      `start (${why}); npm run setup installs it, or let it take that long with TERCET_BACKEND=wasm`,
  ];
}

/** Weights of a base that WebAssembly, many times slower than TensorFlow, still trains within the hour. */
const mostOnWasm = 5e7;
