import assert from 'node:assert/strict';
import { arithmeticOf, float32Products } from '../../../../model/engine/product/float32Products.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import { assertTensorsKept } from '../../../assertions.js';

/** Rounds to ten bits behind the point, as a card does with the factors of a TF32 product. */
function roundedToTf32(x: tf.Tensor2D): tf.Tensor2D {
  const bits = new Int32Array(Float32Array.from(x.dataSync()).buffer).map((value) => (value + 0x1000) & ~0x1fff);
  return tf.tensor2d(new Float32Array(bits.buffer), x.shape);
}

describe('float32Products', () => {
  before(() => startEngine());

  it('are float32 on a processor', async () => {
    assert.equal(arithmeticOf(tf.matMul), 'float32');
    const { float32Products: stated } = await startEngine();
    assert.equal(stated, float32Products());
  });

  it('are tf32 where the factors lose the bits that TF32 has no room for', () => {
    assert.equal(
      arithmeticOf((a, b) => tf.matMul(roundedToTf32(a), roundedToTf32(b))),
      'tf32',
    );
  });

  it('are found out without leaving a tensor', () => {
    assertTensorsKept(0, () => void arithmeticOf(tf.matMul));
  });
});
