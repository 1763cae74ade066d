import type { BaseShape } from '../../configs/load/baseFile.js';
import { UserError } from '../../configs/userError.js';
import type { Engine } from '../engine/startEngine.js';
import { matrixParameters } from '../memory/shapeArithmetic.js';

/**
 * Where TensorFlow could not be set up, work that nobody watches must not take days instead of hours; the small bases that
 * people try tercet with take minutes. Everything that computes with a base asks here, before the base is downloaded where its
 * shape is known.
 * @param work  such as `training qwen-0.5b`
 * @throws UserError when a base of this shape is too large for the engine that runs, which nobody asked for
 */
export function requireFastEngine(
  work: string,
  shape: BaseShape | undefined,
  { isFallback, why }: Pick<Engine, 'isFallback' | 'why'>,
): void {
  const weights = shape ? matrixParameters(shape) : 0;
  if (!isFallback || weights <= mostOnWasm) return;
  throw new UserError(
    `${work}, ${Math.round(weights / 1e6)} million weights, takes days on WebAssembly, and TensorFlow does not ` +
      `start (${why}); npm run setup installs it, or let it take that long with TERCET_BACKEND=wasm`,
  );
}

/** Weights of a base that WebAssembly, many times slower than TensorFlow, still trains within the hour. */
const mostOnWasm = 5e7;
