import assert from 'node:assert/strict';
import { fromFloat32 } from '../../../checkpoints/tensors/safetensors.js';
import { mixBits, type RowDropout } from '../../../model/engine/dropoutMask.js';
import { freezeMatrix, type FrozenMatrix } from '../../../model/engine/product/frozenMatrix.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { linear, type Linear } from '../../../model/layer/linear.js';
import { assertClose, assertGradients, assertTensorsKept, randomTensor } from '../../assertions.js';

const freeze = (matrix: tf.Tensor2D): FrozenMatrix =>
  freezeMatrix({ dtype: 'F32', bytes: fromFloat32(matrix.dataSync() as Float32Array, 'F32') }, matrix.shape, 'float32');

const dropoutOf = (rows: number, seed: number): RowDropout => ({
  rate: 0.5,
  keys: Int32Array.from({ length: 2 * rows }, (_, index) => mixBits(1000 * seed + index)),
});

describe('linear', () => {
  before(() => startEngine());

  it('gives x Wᵀ + bias, plus scale · (x Aᵀ) Bᵀ where an adapter is attached', () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const weight = freeze(tf.tensor2d([1, 0, 0, 1, 1, 1], [3, 2])); // gives x1, x2, x1 + x2
    const bias = tf.tensor1d([10, 20, 30]);
    assertClose(linear(x, { weight }), [1, 2, 3, 3, 4, 7]);
    assertClose(linear(x, { weight, bias }), [11, 22, 33, 13, 24, 37]);
    const a = tf.tensor2d([1, -1], [1, 2]); // x1 - x2, which is -1 in both rows
    const b = tf.tensor2d([1, 2, 3], [3, 1]);
    assertClose(linear(x, { weight, bias, adapter: { a, b, scale: 2, number: 0 } }), [9, 18, 27, 11, 20, 31]);
    weight.dispose();
  });

  it('has the gradient of its differences for input, adapter and bias, not for the frozen weight', () => {
    const weight = freeze(randomTensor([3, 4], 'weight'));
    const xs = [randomTensor([5, 4]), randomTensor([2, 4], 'a'), randomTensor([3, 2], 'b'), randomTensor([3], 'bias')];
    assertGradients((x, a, b, bias) => linear(x as tf.Tensor2D, adapted(weight, [a, b], bias)), xs);
    weight.dispose();
  });

  it('has the gradient of its differences for one row', () => {
    const weight = freeze(randomTensor([3, 4], 'weight'));
    const xs = [randomTensor([1, 4]), randomTensor([2, 4], 'a'), randomTensor([3, 2], 'b')];
    assertGradients((x, a, b) => linear(x as tf.Tensor2D, adapted(weight, [a, b])), xs);
    weight.dispose();
  });

  it('has the gradient of its differences for a weight that learns', () => {
    const xs = [randomTensor([5, 4]), randomTensor([3, 4], 'weight'), randomTensor([3], 'bias')];
    assertGradients(
      (x, weight, bias) => linear(x as tf.Tensor2D, { weight: weight as tf.Tensor2D, bias: bias as tf.Tensor1D }),
      xs,
    );
  });

  describe('with dropout', () => {
    const identity = () => freeze(tf.eye(4));

    it('drops numbers of the adapter input alone, and the same ones for the same seed', () => {
      // Adapter and weight are the identity, so a dropped number gives x and a kept one x + 2 x.
      const weight = identity();
      const adapter = { a: tf.eye(4), b: tf.eye(4), scale: 1, number: 3 };
      const x = tf.ones<tf.Rank.R2>([50, 4]);
      const outputs = (seed: number, number = 3) =>
        [...linear(x, { weight, adapter: { ...adapter, number } }, dropoutOf(50, seed)).dataSync()].map(Math.round);
      assert.deepEqual([...new Set(outputs(1))].sort(), [1, 3]);
      assert.deepEqual(outputs(1), outputs(1));
      assert.notDeepEqual(outputs(1), outputs(2));
      assert.notDeepEqual(outputs(1), outputs(1, 4));
      weight.dispose();
    });

    it('does nothing at rate 0', () => {
      const weight = identity();
      const adapter = {
        a: randomTensor<tf.Tensor2D>([2, 4]),
        b: randomTensor<tf.Tensor2D>([4, 2]),
        scale: 1,
        number: 0,
      };
      const x = randomTensor<tf.Tensor2D>([3, 4]);
      assertClose(linear(x, { weight, adapter }, { ...dropoutOf(3, 1), rate: 0 }), linear(x, { weight, adapter }), 0);
      weight.dispose();
    });

    it('has the gradient of the differences of the masked function', () => {
      const weight = identity();
      const xs = [randomTensor([5, 4]), randomTensor([2, 4], 'a'), randomTensor([4, 2], 'b')];
      assertGradients((x, a, b) => linear(x as tf.Tensor2D, adapted(weight, [a, b]), dropoutOf(5, 1)), xs);
      weight.dispose();
    });
  });

  it('leaves its result alone alive', () => {
    const weight = freeze(randomTensor([3, 4], 'weight'));
    const [x, a, b] = [randomTensor<tf.Tensor2D>([5, 4]), randomTensor([2, 4], 'a'), randomTensor([3, 2], 'b')];
    const bias = randomTensor([3], 'bias');
    assertTensorsKept(1, () => linear(x, adapted(weight, [a, b], bias), dropoutOf(5, 1)));
    weight.dispose();
  });
});

function adapted(weight: FrozenMatrix, [a, b]: tf.Tensor[], bias?: tf.Tensor): Linear {
  const adapter = { a: a as tf.Tensor2D, b: b as tf.Tensor2D, scale: 1.5, number: 0 };
  return { weight, adapter, ...(bias && { bias: bias as tf.Tensor1D }) };
}
