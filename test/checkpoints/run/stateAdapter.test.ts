import assert from 'node:assert/strict';
import { stateAdapter } from '../../../checkpoints/run/stateAdapter.js';
import type { StateTensor } from '../../../checkpoints/run/state.js';
import { adapter } from '../examples.js';

const { matrices, ...like } = adapter;
const { a, b } = matrices.get('layers.0.self_attn.q_proj')!;
const halves: [string, StateTensor][] = [
  ['layers.0.self_attn.q_proj.lora_A', { shape: [1, 2], values: a }],
  ['layers.0.self_attn.q_proj.lora_B', { shape: [3, 1], values: b }],
];
const mean: [string, StateTensor] = ['optimizer.mean.layers.0.self_attn.q_proj.lora_A', { shape: [1, 2], values: b }];

describe('stateAdapter', () => {
  it('gives the matrices with their shapes, and leaves the moments of the optimizer', () => {
    assert.deepEqual(stateAdapter({ tensors: new Map([mean, ...halves]) }, like), adapter);
  });

  it('keeps the weights that the base is known by, and no matrix of the adapter it is like', () => {
    const other = { ...adapter, weightsHash: 'ab12', matrices: new Map([['layers.9.mlp.up_proj', matrices as never]]) };
    assert.deepEqual(stateAdapter({ tensors: new Map(halves) }, other), { ...adapter, weightsHash: 'ab12' });
  });

  it('refuses half of a pair, and a state without any', () => {
    for (const [at, missing] of [
      [0, 'B'],
      [1, 'A'],
    ] as const)
      assert.throws(() => stateAdapter({ tensors: new Map([halves[at]!]) }, like), {
        name: 'UserError',
        message: `the saved state lacks layers.0.self_attn.q_proj.lora_${missing}; use the state before it`,
      });
    assert.throws(() => stateAdapter({ tensors: new Map([mean]) }, like), {
      name: 'UserError',
      message: 'the saved state holds no adapter matrix; use the state before it',
    });
  });
});
