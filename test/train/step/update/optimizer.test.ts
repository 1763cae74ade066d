import assert from 'node:assert/strict';
import { readAdapter } from '../../../../checkpoints/adapter/adapter.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import type { Gradients } from '../../../../model/pass/encodeChunk.js';
import { loadModel } from '../../../../model/load/loadModel.js';
import { disposeModel } from '../../../../model/layer/decoder.js';
import { attachAdapter, type Parameters } from '../../../../model/layer/lora.js';
import { adamW, type OptimizerState } from '../../../../train/step/update/optimizer.js';
import { atOnce } from '../../../../model/pass/stepwise.js';
import { oneAttempt, poolGradient } from '../../../../train/step/poolGradient.js';
import { applyUpdate } from '../../../../train/step/update/update.js';
import { assertClose, randomTensor, tensorsAlive } from '../../../assertions.js';
import { tinyMatrices, tinyPool, tinyQwen2 } from '../../../fixtures/tinyQwen2.js';

const settings = { beta1: 0.9, beta2: 0.99, epsilon: 0, weightDecay: 0 };

const one = (values: number[]): Parameters => new Map([['w', tf.variable(tf.tensor1d(values))]]);
const gradientOf = (values: number[]): Gradients => new Map([['w', tf.tensor1d(values)]]);

describe('adamW', () => {
  before(() => startEngine());

  it('moves by the rate against the sign of the first gradient', () => {
    const parameters = one([1, 1, 1]);
    const optimizer = adamW(parameters, settings);
    optimizer.update(gradientOf([2, -0.5, 100]), 0.1);
    assertClose(parameters.get('w')!, [0.9, 1.1, 0.9], 1e-6);
  });

  it('then follows the averages, corrected for their start at zero', () => {
    // Gradients 1, then 3. Means: 0.1, then 0.09 + 0.3 = 0.39, over 1 - 0.81 = 0.19. Squares: 0.01, then 0.0099 + 0.09
    // = 0.0999, over 1 - 0.9801 = 0.0199.
    const parameters = one([0]);
    const optimizer = adamW(parameters, settings);
    optimizer.update(gradientOf([1]), 1);
    optimizer.update(gradientOf([3]), 1);
    assertClose(parameters.get('w')!, [-1 - 0.39 / 0.19 / Math.sqrt(0.0999 / 0.0199)], 1e-5);
  });

  it('adds epsilon to the root', () => {
    const parameters = one([0]);
    adamW(parameters, { ...settings, epsilon: 1 }).update(gradientOf([3]), 1);
    assertClose(parameters.get('w')!, [-3 / 4], 1e-6);
  });

  it('decays the parameter itself, not its gradient, by rate times decay', () => {
    const parameters = one([10]);
    adamW(parameters, { ...settings, weightDecay: 0.5 }).update(gradientOf([2]), 0.1);
    assertClose(parameters.get('w')!, [10 * (1 - 0.1 * 0.5) - 0.1], 1e-5);
  });

  it('finds gradients by name, in whatever order they come', () => {
    const parameters: Parameters = new Map([
      ['v', tf.variable(tf.tensor1d([0]))],
      ['w', tf.variable(tf.tensor1d([0, 0]))],
    ]);
    const gradients: Gradients = new Map([
      ['w', tf.tensor1d([1, -1])],
      ['v', tf.tensor1d([-1])],
    ]);
    adamW(parameters, settings).update(gradients, 1);
    assertClose(parameters.get('w')!, [-1, 1], 1e-6);
    assertClose(parameters.get('v')!, [1], 1e-6);
    assert.throws(() => adamW(parameters, settings).update(new Map(), 1), /no gradient of v/);
  });

  it('goes on from its state bit for bit', () => {
    const gradients = Array.from({ length: 6 }, (_, update) => randomTensor([4, 3], `gradient ${update}`));
    const start = randomTensor([4, 3]);
    const decaying = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
    const run = (parameters: Parameters, from: number, to: number, state?: OptimizerState) => {
      const optimizer = adamW(parameters, decaying, state);
      for (const gradient of gradients.slice(from, to)) optimizer.update(new Map([['w', gradient]]), 0.01);
      const end = optimizer.state();
      optimizer.dispose();
      return { values: parameters.get('w')!.dataSync(), state: end };
    };
    const through = run(new Map([['w', tf.variable(start)]]), 0, 6);
    const half = run(new Map([['w', tf.variable(start)]]), 0, 3);
    const rest = run(new Map([['w', tf.variable(tf.tensor(half.values, [4, 3]))]]), 3, 6, half.state);
    assert.equal(half.state.updates, 3);
    assert.deepEqual(rest, through);
  });

  it('refuses a state that lacks a parameter', () => {
    assert.throws(
      () => adamW(one([1]), settings, { updates: 1, moments: new Map() }),
      /the saved state has no moments of w/,
    );
  });

  it('leaves nothing alive once it is freed, whatever it updated', () => {
    const parameters = one([1, 2]);
    const gradients = gradientOf([1, 2]);
    adamW(parameters, settings).update(gradients, 0.1); // copies both to the device
    const before = tensorsAlive();
    const optimizer = adamW(parameters, settings);
    for (let update = 0; update < 3; update++) optimizer.update(gradients, 0.1);
    optimizer.dispose();
    assert.deepEqual(tensorsAlive(), before);
  });

  it('with weight decay and clipping trains an adapter as PyTorch does', async () => {
    const { training, temperature, pools } = tinyQwen2;
    const { learningRate, weightDecay, maxGradNorm } = training;
    const model = await loadModel(tinyQwen2.path('sharded'), 'float32');
    const parameters = attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
    const optimizer = adamW(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay });
    training.losses.forEach((expected, index) => {
      const gradients: Gradients = new Map();
      const attempt = oneAttempt({ chunkTokens: 1000, keptBytes: 1e9 });
      const pool = tinyPool(index % pools.length);
      const poolLoss = atOnce(poolGradient(model, pool, parameters, { temperature }, attempt, gradients));
      const update = index + 1;
      const { loss, gradNorm } = applyUpdate(gradients, [poolLoss], optimizer, { learningRate, maxGradNorm, update });
      assertClose([loss], [expected], 1e-4, `loss of update ${update}`);
      const norm = training.gradNorms[index]!;
      assertClose([gradNorm / norm], [1], 1e-4, `gradient norm of update ${update}, as a share,`);
    });
    const trained = await tinyMatrices('trained.safetensors');
    assert.equal(trained.size, parameters.size);
    for (const [name, values] of trained) assertClose(parameters.get(name)!, values, 2e-5, name);
    optimizer.dispose();
    disposeModel(model);
  });
});
