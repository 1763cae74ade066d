import assert from 'node:assert/strict';
import type { Adapter } from '../../../checkpoints/adapter/adapter.js';
import { adapterGaps, adapterProblems, towerIsFresh } from '../../../checkpoints/adapter/problems.js';
import { adapter } from '../examples.js';

const matrix = (a: number[], b: number[]) => ({
  a: Float32Array.from(a),
  b: Float32Array.from(b),
  inSize: 2,
  outSize: 3,
});
const having = (entries: Record<string, ReturnType<typeof matrix>>): Adapter => ({
  ...adapter,
  matrices: new Map(Object.entries(entries)),
});
const good = matrix([1, -2], [0, 1, 0]);

describe('adapterProblems', () => {
  it('finds none in an adapter that is complete', () => {
    assert.deepEqual(adapterProblems(adapter, 1, ['q']), []);
  });

  it('lists projections without an adapter, by name up to three', () => {
    const found = adapterProblems(having({ 'layers.0.self_attn.q_proj': good }), 5, ['q']);
    assert.deepEqual(found, [
      'no adapter on layers.1.self_attn.q_proj, layers.2.self_attn.q_proj, layers.3.self_attn.q_proj and 1 more',
    ]);
  });

  it('lists adapters that the base has no place for', () => {
    const found = adapterProblems(having({ 'layers.0.self_attn.q_proj': good, 'layers.1.mlp.up_proj': good }), 1, [
      'q',
    ]);
    assert.deepEqual(found, ['an adapter where the base has no such projection to adapt: layers.1.mlp.up_proj']);
  });

  it('finds a lora_B that never moved from zero', () => {
    const found = adapterProblems(having({ 'layers.0.self_attn.q_proj': matrix([1, 1], [0, -0, 0]) }), 1, ['q']);
    assert.deepEqual(found, ['lora_B is all zero, so nothing was learned, on layers.0.self_attn.q_proj']);
  });

  it('finds numbers that are not finite in either half', () => {
    const found = adapterProblems(
      having({
        'layers.0.self_attn.q_proj': matrix([1, NaN], [1, 1, 1]),
        'layers.0.mlp.up_proj': matrix([1, 1], [1, Infinity, 1]),
      }),
      1,
      ['q', 'up'],
    );
    assert.deepEqual(found, ['numbers that are not finite on layers.0.self_attn.q_proj, layers.0.mlp.up_proj']);
  });
});

describe('adapterGaps', () => {
  it('tells missing and surplus matrices of the targets that the adapter names', () => {
    const some = having({ 'layers.0.self_attn.q_proj': good, 'layers.2.self_attn.q_proj': good });
    assert.deepEqual(adapterGaps(some, 2), [
      'no adapter on layers.1.self_attn.q_proj',
      'an adapter where the base has no such projection to adapt: layers.2.self_attn.q_proj',
    ]);
    assert.deepEqual(adapterGaps(adapter, 1), []);
  });

  it('has nothing against a fresh adapter, whose lora_B is zero', () => {
    assert.deepEqual(adapterGaps(having({ 'layers.0.self_attn.q_proj': matrix([1, 1], [0, 0, 0]) }), 1), []);
  });
});

// A short run into whose pools no image came ended as a fault of ours, with a list of the tower's matrices.
describe('towerIsFresh', () => {
  const still = matrix([1, 1], [0, 0, 0]);

  it('is so where every matrix of the vision tower still does nothing, whatever the decoder learned', () => {
    const [decoder, first, second] = [
      'layers.0.self_attn.q_proj',
      'visual.blocks.0.attn.qkv',
      'visual.blocks.1.attn.qkv',
    ];
    assert.equal(towerIsFresh(having({ [decoder]: good, [first]: still, [second]: still })), true);
    assert.equal(towerIsFresh(having({ [decoder]: good, [first]: good, [second]: still })), false);
    assert.equal(towerIsFresh(having({ [decoder]: still })), false);
  });
});
