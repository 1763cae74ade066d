import assert from 'node:assert/strict';
import { readState, saveState } from '../../../checkpoints/run/state.js';
import { UserError } from '../../../configs/userError.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import type { Parameters } from '../../../model/layer/lora.js';
import { adamW, type OptimizerState } from '../../../train/step/update/optimizer.js';
import { savedOptimizer, savedPosition, stateOf, tensorOf } from '../../../train/loop/savedState.js';
import { randomTensor, tensorsAlive } from '../../assertions.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
const position = { epoch: 1, window: 2, row: 3 };
const shapes = { 'layers.0.mlp.up_proj.lora_A': [2, 3], 'layers.0.mlp.up_proj.lora_B': [4, 2] };

const fresh = (): Parameters =>
  new Map(Object.entries(shapes).map(([name, shape]) => [name, tf.variable(randomTensor(shape, name))]));

function train(parameters: Parameters, updates: number[], from?: OptimizerState) {
  const optimizer = adamW(parameters, settings, from);
  for (const update of updates) {
    const gradients = [...parameters].map(
      ([name, { shape }]) => [name, randomTensor(shape, `gradient ${update}`)] as const,
    );
    optimizer.update(new Map(gradients), 0.01);
  }
  return optimizer;
}

describe('savedState.ts', () => {
  const inFolder = useTemporaryFolder();
  before(() => startEngine());

  it('carries parameters, moments, count and position through a file, so that training goes on bit for bit', async () => {
    const through = fresh();
    const expected = stateOf(through, train(through, [1, 2, 3, 4, 5]), position);

    const stopped = fresh();
    const folder = await saveState(inFolder(), 3, stateOf(stopped, train(stopped, [1, 2, 3]), position));
    const saved = await readState(folder);
    assert.deepEqual(savedPosition(saved), position);
    assert.equal(savedOptimizer(saved, stopped).updates, 3);
    const resumed: Parameters = new Map(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        tf.variable(tf.tensor(tensorOf(saved.tensors, name), shape)),
      ]),
    );
    const actual = stateOf(resumed, train(resumed, [4, 5], savedOptimizer(saved, resumed)), position);
    assert.deepEqual(actual, expected);
    assert.equal(actual.tensors.size, 6);
  });

  it('does not change with training that goes on after it was taken', () => {
    const parameters = fresh();
    const optimizer = train(parameters, [1]);
    const state = stateOf(parameters, optimizer, position);
    const copy = structuredClone(state);
    optimizer.update(new Map([...parameters].map(([name, { shape }]) => [name, tf.ones(shape)])), 1);
    assert.deepEqual(state, copy);
  });

  it('names what a saved state lacks', async () => {
    const parameters = fresh();
    const state = stateOf(parameters, train(parameters, [1]), position);
    state.tensors.delete('optimizer.square.layers.0.mlp.up_proj.lora_B');
    const saved = await readState(await saveState(inFolder(), 1, state));
    assert.throws(
      () => savedOptimizer(saved, parameters),
      (error) =>
        error instanceof UserError &&
        /lacks optimizer\.square\.layers\.0\.mlp\.up_proj\.lora_B; resume from another/.test(error.message),
    );
  });

  it('leaves nothing alive', () => {
    const parameters = fresh();
    const optimizer = train(parameters, [1]);
    const before = tensorsAlive().known;
    stateOf(parameters, optimizer, position);
    assert.equal(tensorsAlive().known, before);
  });
});
