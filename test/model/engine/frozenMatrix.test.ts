import assert from 'node:assert/strict';
import { fromFloat32 } from '../../../checkpoints/safetensors.js';
import { freezeMatrix } from '../../../model/engine/frozenMatrix.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { assertClose, assertTensorsKept, randomTensor, tensorsAlive } from '../../assertions.js';

// W = [1 2; 3 4; 5 6], [out, in] = [3, 2]; all numbers here fit into bfloat16.
const values = Float32Array.of(1, 2, 3, 4, 5, 6);
const shape: [number, number] = [3, 2];

describe('freezeMatrix', () => {
  before(() => startEngine());

  describe('in float32', () => {
    it('gives x Wᵀ forward and dy W backward', () => {
      const matrix = freezeMatrix({ float32: values }, shape, 'float32');
      assertClose(matrix.forward(tf.tensor2d([1, 0, 1, -1], [2, 2])), [1, 3, 5, -1, -1, -1], 1e-6);
      assertClose(matrix.backward(tf.tensor2d([1, 0, 0, 1, 1, 1], [2, 3])), [1, 2, 9, 12], 1e-6);
      assert.deepEqual(matrix.shape, shape);
      matrix.dispose();
    });

    it('leaves products alone alive, and nothing once freed', () => {
      const before = tensorsAlive();
      const matrix = freezeMatrix({ float32: values }, shape, 'float32');
      const [x, dy] = [randomTensor<tf.Tensor2D>([2, 2]), randomTensor<tf.Tensor2D>([2, 3])];
      assertTensorsKept(2, () => [matrix.forward(x), matrix.backward(dy)]);
      matrix.dispose();
      tf.dispose([x, dy]);
      assert.deepEqual(tensorsAlive(), before);
    });
  });

  describe('in bfloat16', () => {
    before(async function () {
      const { name, precisions } = await startEngine();
      if (precisions.includes('bfloat16')) return;
      console.log(`skipped: the ${name} engine does not offer bfloat16`);
      this.skip();
    });

    const bytes = () => fromFloat32(values, 'BF16');

    it('gives x Wᵀ forward and dy W backward', () => {
      const matrix = freezeMatrix({ bfloat16: bytes() }, shape, 'bfloat16');
      assertClose(matrix.forward(tf.tensor2d([1, 0, 1, -1], [2, 2])), [1, 3, 5, -1, -1, -1], 0);
      assertClose(matrix.backward(tf.tensor2d([1, 0, 0, 1, 1, 1], [2, 3])), [1, 2, 9, 12], 0);
      matrix.dispose();
    });

    it('rounds x and the product to bfloat16', () => {
      const matrix = freezeMatrix({ bfloat16: bytes() }, shape, 'bfloat16');
      // 1 + 2^-9 lies between 1 and the next bfloat16, 1 + 2^-7.
      assertClose(matrix.forward(tf.tensor2d([1 + 2 ** -9, 0], [1, 2])), [1, 3, 5], 0);
      assertClose(matrix.forward(tf.tensor2d([1, 128], [1, 2])), [256, 516, 772], 0); // 257 (half way, to even), 515, 773
      matrix.dispose();
    });

    it('leaves products alone alive, and nothing once freed', () => {
      const before = tensorsAlive();
      const matrix = freezeMatrix({ bfloat16: bytes() }, shape, 'bfloat16');
      const [x, dy] = [randomTensor<tf.Tensor2D>([2, 2]), randomTensor<tf.Tensor2D>([2, 3])];
      assertTensorsKept(2, () => [matrix.forward(x), matrix.backward(dy)]);
      matrix.dispose();
      tf.dispose([x, dy]);
      assert.deepEqual(tensorsAlive(), before);
    });
  });

  it('takes values of its own precision alone', () => {
    assert.throws(() => freezeMatrix({ float32: values }, shape, 'bfloat16'), /takes bfloat16 bytes/);
    assert.throws(() => freezeMatrix({ bfloat16: new Uint8Array(12) }, shape, 'float32'), /takes float32 values/);
  });
});
