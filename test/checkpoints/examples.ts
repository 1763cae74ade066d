import type { Adapter } from '../../checkpoints/adapter/adapter.js';
import type { Contract } from '../../configs/contract.js';

/** A contract with every field set. */
export const contract: Contract = {
  tokenizer: 'ab12',
  queryPrefix: 'Query:',
  passagePrefix: 'Passage:',
  titleRule: 'title-blank-text',
  bosId: null,
  eosId: 7,
  queryMaxLength: 32,
  passageMaxLength: 156,
  pooling: 'last',
  normalize: true,
  precision: 'float32',
  temperature: 0.01,
};

/** An adapter of rank 1 and alpha 2 on the query projection of layer 0, a [3, 2] matrix. */
export const adapter: Adapter = {
  rank: 1,
  alpha: 2,
  dropout: 0.1,
  targets: ['q'],
  base: 'some/base',
  matrices: new Map([
    ['layers.0.self_attn.q_proj', { a: Float32Array.of(1, -2), b: Float32Array.of(0.5, 1, 0), inSize: 2, outSize: 3 }],
  ]),
};
