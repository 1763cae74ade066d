import { UserError } from '../../configs/userError.js';
import type { Adapter } from '../adapter/adapter.js';
import type { State } from './state.js';

/**
 * The adapter within a saved state.
 * @param like  its settings and its base, which a state does not repeat
 * @throws UserError when half of a pair is missing, or there is none
 */
export function stateAdapter({ tensors }: Pick<State, 'tensors'>, like: Omit<Adapter, 'matrices'>): Adapter {
  const matrices: Adapter['matrices'] = new Map();
  for (const tensor of tensors.keys()) {
    const name = /^((?:layers|visual)\..*)\.lora_[AB]$/.exec(tensor)?.[1];
    if (name === undefined || matrices.has(name)) continue;
    const half = (letter: 'A' | 'B') => {
      const found = tensors.get(`${name}.lora_${letter}`);
      if (!found) throw new UserError(`the saved state lacks ${name}.lora_${letter}; use the state before it`);
      return found;
    };
    const [a, b] = [half('A'), half('B')];
    matrices.set(name, { a: a.values, b: b.values, inSize: a.shape[1]!, outSize: b.shape[0]! });
  }
  if (matrices.size === 0) throw new UserError('the saved state holds no adapter matrix; use the state before it');
  return { ...like, matrices };
}
