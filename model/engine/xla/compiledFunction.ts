import { anyTensors, type AnyTensor } from '../native/anyTensors.js';
import type { tf } from '../tf.js';
import { describeFunction, type Description, type FunctionDescription } from './describeFunction.js';

/** A function that the engine knows; it compiles at the first call, for good. */
export interface CompiledFunction extends FunctionDescription {
  /** @returns its results by their names, which the caller owns: tensors of any kind, see `anyTensors` */
  call(given: Record<string, AnyTensor>): Record<string, tf.Tensor2D>;
}

/** Sees every call: does it, and returns what it gave. */
export type CallWatcher = (called: FunctionDescription, call: () => tf.Tensor[]) => tf.Tensor[];

const known = new Map<string, CompiledFunction>();
const nobody: CallWatcher = (_, call) => call();
let watcher = nobody;

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
  const results = watcher(called, () => anyTensors().callFunction(name, inputs, gives));
  return Object.fromEntries(results.map((result, place) => [gives[place]!.name, result as tf.Tensor2D]));
}
