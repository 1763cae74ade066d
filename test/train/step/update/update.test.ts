import assert from 'node:assert/strict';
import { UserError } from '../../../../configs/userError.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import type { Gradients } from '../../../../model/pass/encodeChunk.js';
import { adamW, type Optimizer } from '../../../../train/step/update/optimizer.js';
import { applyUpdate } from '../../../../train/step/update/update.js';
import { assertClose, tensorsAlive } from '../../../assertions.js';

const settings = { learningRate: 0.1, maxGradNorm: 1, update: 7 };

/** Remembers what it was given, gradients as they are to be scaled. */
function witness() {
  const given: { gradients: Record<string, number[]>; learningRate: number }[] = [];
  const optimizer = {
    update: (gradients: Gradients, learningRate: number, scale: number) =>
      given.push({
        gradients: Object.fromEntries(
          [...gradients].map(([name, g]) => [name, [...g.dataSync()].map((value) => value * scale)]),
        ),
        learningRate,
      }),
  } as unknown as Optimizer;
  return { given, optimizer };
}

const gradientsOf = (values: Record<string, number[]>): Gradients =>
  new Map(Object.entries(values).map(([name, numbers]) => [name, tf.tensor1d(numbers)]));
const losses = (...values: number[]) => values.map((value) => tf.scalar(value));

describe('applyUpdate', () => {
  before(() => startEngine());

  it('scales the gradients of all parameters together down to the greatest norm', () => {
    const { given, optimizer } = witness();
    const measured = applyUpdate(gradientsOf({ a: [3, 0], b: [4] }), losses(2), optimizer, settings);
    assert.deepEqual(measured, { loss: 2, gradNorm: 5 });
    const [{ gradients, learningRate }] = given as [(typeof given)[0]];
    assertClose(gradients['a']!, [0.6, 0], 1e-6);
    assertClose(gradients['b']!, [0.8], 1e-6);
    assert.equal(learningRate, 0.1);
  });

  it('leaves gradients of a smaller norm as they are', () => {
    const { given, optimizer } = witness();
    applyUpdate(gradientsOf({ a: [0.3], b: [0.4] }), losses(2), optimizer, settings);
    assertClose([...given[0]!.gradients['a']!, ...given[0]!.gradients['b']!], [0.3, 0.4], 1e-7);
  });

  it('takes the mean over the pools of an update before it clips', () => {
    const { given, optimizer } = witness();
    const sums = gradientsOf({ a: [3], b: [4] });
    const measured = applyUpdate(sums, losses(1, 2, 3, 6), optimizer, { ...settings, maxGradNorm: 1.25 });
    assertClose([measured.loss, measured.gradNorm], [3, 1.25], 1e-6);
    assertClose([...given[0]!.gradients['a']!, ...given[0]!.gradients['b']!], [0.75, 1], 1e-6);
  });

  it('frees gradients and losses', () => {
    const { optimizer } = witness();
    const before = tensorsAlive();
    applyUpdate(gradientsOf({ a: [3], b: [4] }), losses(1, 2), optimizer, settings);
    assert.deepEqual(tensorsAlive(), before);
  });

  it('changes nothing and blames the settings where loss or gradient is not finite', () => {
    const parameters = new Map([['a', tf.variable(tf.tensor1d([1, 2]))]]);
    const optimizer = adamW(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 });
    const before = tensorsAlive();
    const cases = [
      [[1, 2], NaN, /^update 7: loss is NaN and gradient norm 2\.23/],
      [
        [1, NaN],
        1,
        /^update 7: loss is 1 and gradient norm NaN; lower optimizer.learningRate or raise loss.temperature$/,
      ],
      [[1, Infinity], 1, /gradient norm Infinity/],
    ] as const;
    for (const [gradient, loss, message] of cases) {
      assert.throws(
        () => applyUpdate(gradientsOf({ a: [...gradient] }), losses(loss), optimizer, settings),
        (error) => error instanceof UserError && message.test(error.message),
      );
      assertClose(parameters.get('a')!, [1, 2], 0);
      assert.equal(optimizer.state().updates, 0);
      assert.equal(tensorsAlive().known, before.known);
    }
    optimizer.dispose();
  });
});
