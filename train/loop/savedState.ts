import type { SavedState, State, StateTensor } from '../../checkpoints/run/state.js';
import { UserError } from '../../configs/userError.js';
import type { Position } from '../../data/stream/shuffle.js';
import type { Parameters } from '../../model/layer/lora.js';
import type { Optimizer, OptimizerState } from '../step/update/optimizer.js';

/** Names of an optimizer's moments in a saved state; the parameters keep their own names. */
const meanName = (name: string) => `optimizer.mean.${name}`;
const squareName = (name: string) => `optimizer.square.${name}`;

/** All that the next update depends on, as plain arrays. Every random draw is a function of seed, update and position. */
export function stateOf(parameters: Parameters, optimizer: Optimizer, position: Position): State {
  const { updates, moments } = optimizer.state();
  const tensors = new Map<string, StateTensor>();
  for (const [name, parameter] of parameters) {
    const { mean, square } = moments.get(name)!;
    tensors.set(name, { shape: parameter.shape, values: parameter.dataSync() as Float32Array });
    tensors.set(meanName(name), { shape: parameter.shape, values: mean });
    tensors.set(squareName(name), { shape: parameter.shape, values: square });
  }
  return { tensors, data: { updates, position } };
}

/** The optimizer's part of a saved state. */
export function savedOptimizer({ tensors, data }: SavedState, parameters: Parameters): OptimizerState {
  const values = (name: string) => tensorOf(tensors, name);
  const moments = [...parameters.keys()].map(
    (name) => [name, { mean: values(meanName(name)), square: values(squareName(name)) }] as const,
  );
  return { updates: data['updates'] as number, moments: new Map(moments) };
}

/** The values of one adapter matrix in a saved state. @throws UserError when the state lacks it */
export function tensorOf(tensors: SavedState['tensors'], name: string): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new UserError(`the saved state lacks ${name}; resume from another state or train again`);
  return tensor.values;
}

/** Where in the data the saved run had got to. */
export const savedPosition = ({ data }: SavedState): Position => data['position'] as Position;
