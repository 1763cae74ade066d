import { UserError } from '../../../configs/userError.js';
import { keepVerdict } from '../compiledVerdict.js';
import { anyTensors, type AnyTensor } from '../native/anyTensors.js';
import { isOutOfMemory } from '../native/isOutOfMemory.js';
import type { tf } from '../tf.js';
import { describeFunction, type Description, type FunctionDescription } from './describeFunction.js';

/** A function that the engine knows; it compiles at the first call, for good. */
export interface CompiledFunction extends FunctionDescription {
  /**
   * @returns its results by their names, which the caller owns: tensors of any kind, see `anyTensors`
   * @throws UserError where it fails at its first call: processes that start from then on compute without what XLA compiles
   */
  call(given: Record<string, AnyTensor>): Record<string, tf.Tensor2D>;
}

/** Sees every call: does it, and returns what it gave. */
export type CallWatcher = (called: FunctionDescription, call: () => tf.Tensor[]) => tf.Tensor[];

const known = new Map<string, CompiledFunction>();
const nobody: CallWatcher = (_, call) => call();
let watcher = nobody;
/** Names of those that have given something. */
const compiled = new Set<string>();

/**
 * A function of this name, described once a process.
 * @param name  says all that the description depends on, shapes included
 */
export function compiledFunction(name: string, body: (description: Description) => void): CompiledFunction {
  const there = known.get(name);
  if (there) return there;
  const description = describeFunction(name, body);
  anyTensors().addFunction(description.definition);
  const made = { ...description, call: (given: Record<string, AnyTensor>) => call(description, given) };
  known.set(name, made);
  return made;
}

/** Every function that was asked for so far. */
export const compiledFunctions = (): CompiledFunction[] => [...known.values()];

/** Let somebody see each call from now on, who wants to know how long it takes. @returns ends it */
export function watchCalls(by: CallWatcher): () => void {
  watcher = by;
  return () => void (watcher = nobody);
}

function call(called: FunctionDescription, given: Record<string, AnyTensor>): Record<string, tf.Tensor2D> {
  const { name, takes, gives } = called;
  const inputs = takes.map((port) => {
    const value = given[port.name];
    if (value === undefined) throw new Error(`${name}: ${port.name} is missing`);
    if (`${value.shape}` !== `${port.shape}`)
      throw new Error(`${name}: ${port.name} must be [${port.shape}]; got [${value.shape}]`);
    return value;
  });
  const results = firstOrLater(name, () => watcher(called, () => anyTensors().callFunction(name, inputs, gives)));
  return Object.fromEntries(results.map((result, place) => [gives[place]!.name, result as tf.Tensor2D]));
}

/** Setup has tried functions of a small layer; one of another shape may fail all the same, in the midst of a run. */
function firstOrLater(name: string, call: () => tf.Tensor[]): tf.Tensor[] {
  try {
    const results = call();
    compiled.add(name);
    return results;
  } catch (error) {
    if (compiled.has(name) || isOutOfMemory(error)) throw error;
    const why = `XLA fails: ${(error as Error).message.split('\n')[0]!}`;
    keepVerdict(process.env, { works: false, why });
    throw new UserError(
      `${why}; layers are computed without it from the next start on (TERCET_XLA=0), which a run that goes on must allow by --allow-engine tensorflow`,
    );
  }
}
