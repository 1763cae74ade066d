import assert from 'node:assert/strict';
import { fromFloat32 } from '../../../../checkpoints/tensors/safetensors.js';
import { freezeMatrix } from '../../../../model/engine/product/frozenMatrix.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import { assertClose, assertTensorsKept, randomTensor, tensorsAlive } from '../../../assertions.js';

// W = [1 2; 3 4; 5 6], [out, in] = [3, 2]; all numbers here fit into bfloat16.
const values = Float32Array.of(1, 2, 3, 4, 5, 6);
const shape: [number, number] = [3, 2];
const stored = (dtype: 'F32' | 'F16' | 'BF16') => ({ dtype, bytes: fromFloat32(values, dtype) });

describe('freezeMatrix', () => {
  before(() => startEngine());

  describe('in float32', () => {
    it('gives x Wᵀ forward and dy W backward', () => {
      const matrix = freezeMatrix(stored('F32'), shape, 'float32');
      assertClose(matrix.forward(tf.tensor2d([1, 0, 1, -1], [2, 2])), [1, 3, 5, -1, -1, -1], 1e-6);
      assertClose(matrix.backward(tf.tensor2d([1, 0, 0, 1, 1, 1], [2, 3])), [1, 2, 9, 12], 1e-6);
      assert.deepEqual(matrix.shape, shape);
      matrix.dispose();
    });

    for (const dtype of ['F16', 'BF16'] as const)
      it(`takes ${dtype} as it is`, () => {
        const matrix = freezeMatrix(stored(dtype), shape, 'float32');
        assertClose(matrix.backward(tf.tensor2d([[0, 0, 1]])), [5, 6], 0);
        matrix.dispose();
      });

    it('leaves products alone alive, and nothing once freed', () => {
      const before = tensorsAlive();
      const matrix = freezeMatrix(stored('F32'), shape, 'float32');
      const [x, dy] = [randomTensor<tf.Tensor2D>([2, 2]), randomTensor<tf.Tensor2D>([2, 3])];
      assertTensorsKept(2, () => [matrix.forward(x), matrix.backward(dy)]);
      matrix.dispose();
      tf.dispose([x, dy]);
      assert.deepEqual(tensorsAlive(), before);
    });
  });

  const kinds = [
    // 1 + 2^-9 lies between 1 and the next bfloat16, 1 + 2^-7; 257 is half way and goes to even; 515 and 773 are half way too.
    { kind: 'bfloat16', next: 2 ** -7, large: 128, rounded: [256, 516, 772] },
    // 2049, 4099 and 6149 in halves, which lie 2 and then 4 apart.
    { kind: 'float16', next: 2 ** -10, large: 1024, rounded: [2048, 4100, 6148] },
  ] as const;
  for (const { kind, next, large, rounded } of kinds)
    describe(`in ${kind}`, () => {
      before(async function () {
        const { name, precisions } = await startEngine();
        if (precisions.includes(kind)) return;
        console.log(`skipped: the ${name} engine does not offer ${kind}`);
        this.skip();
      });

      for (const dtype of ['F32', 'F16', 'BF16'] as const)
        it(`gives x Wᵀ forward and dy W backward of ${dtype}`, () => {
          const matrix = freezeMatrix(stored(dtype), shape, kind);
          assertClose(matrix.forward(tf.tensor2d([1, 0, 1, -1], [2, 2])), [1, 3, 5, -1, -1, -1], 0);
          assertClose(matrix.backward(tf.tensor2d([1, 0, 0, 1, 1, 1], [2, 3])), [1, 2, 9, 12], 0);
          matrix.dispose();
        });

      it(`rounds x and the product to ${kind}`, () => {
        const matrix = freezeMatrix(stored('F32'), shape, kind);
        assertClose(matrix.forward(tf.tensor2d([1 + next / 4, 0], [1, 2])), [1, 3, 5], 0);
        assertClose(matrix.forward(tf.tensor2d([1, large], [1, 2])), rounded, 0);
        matrix.dispose();
      });

      it('rounds float32 of a file to the nearest, halves to even', () => {
        const numbers = Float32Array.of(1 + next / 2, 1 + 1.5 * next, 1 + 0.75 * next, -3);
        const file = { dtype: 'F32' as const, bytes: fromFloat32(numbers, 'F32') };
        const matrix = freezeMatrix(file, [4, 1], kind);
        assertClose(matrix.forward(tf.tensor2d([[1]])), [1, 1 + 2 * next, 1 + next, -3], 0);
        matrix.dispose();
      });

      it('leaves products alone alive, and nothing once freed', () => {
        const before = tensorsAlive();
        const matrix = freezeMatrix(stored('F32'), shape, kind);
        const [x, dy] = [randomTensor<tf.Tensor2D>([2, 2]), randomTensor<tf.Tensor2D>([2, 3])];
        assertTensorsKept(2, () => [matrix.forward(x), matrix.backward(dy)]);
        matrix.dispose();
        tf.dispose([x, dy]);
        assert.deepEqual(tensorsAlive(), before);
      });
    });

  it('refuses whole numbers', () => {
    const file = { dtype: 'I16' as const, bytes: new Uint8Array(12) };
    assert.throws(() => freezeMatrix(file, shape, 'float32'), /^UserError: weights of kind I16 cannot be used/);
  });
});
