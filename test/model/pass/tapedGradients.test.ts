import assert from 'node:assert/strict';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { tapedGradients } from '../../../model/pass/tapedGradients.js';
import { tensorsAlive } from '../../assertions.js';

describe('tapedGradients', () => {
  before(() => startEngine());

  const x = () => tf.tensor1d([1, 2, 3]);

  it('gives the gradient', () => {
    const [input, upstream] = [x(), tf.ones([3])];
    const [gradient] = tf.tidy(() => tapedGradients((x) => x.square(), [input], upstream));
    assert.deepEqual([...gradient!.dataSync()], [2, 4, 6]);
    tf.dispose([input, upstream, gradient!]);
  });

  // What a block had saved for its gradient stayed on the device when memory ran out in it, and so it ran out again.
  for (const [where, f] of Object.entries({
    forward: (x: tf.Tensor) => {
      x.square().exp();
      throw new Error('OOM when allocating tensor');
    },
    backward: (x: tf.Tensor) =>
      tf.customGrad((y) => ({
        value: (y as tf.Tensor).clone(),
        gradFunc: () => {
          throw new Error('OOM when allocating tensor');
        },
      }))(x.square().exp()),
  }))
    it(`leaves nothing on the device where it fails ${where}, and can be asked again`, () => {
      const [input, upstream] = [x(), tf.ones([3])];
      const fails = () => tf.tidy(() => tapedGradients(f, [input], upstream));
      for (const tensor of [input, upstream]) tf.dispose(tf.square(tensor)); // the engine has the numbers from here on
      const before = tensorsAlive();
      assert.throws(fails, /OOM/);
      assert.throws(fails, /OOM/);
      assert.deepEqual(tensorsAlive(), before);
      const [gradient] = tf.tidy(() => tapedGradients((x) => x.square(), [input], upstream));
      assert.deepEqual([...gradient!.dataSync()], [2, 4, 6]);
      tf.dispose([input, upstream, gradient!]);
    });
});
