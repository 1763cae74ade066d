import { nativeBackend } from '../../../../model/engine/native/rawTensors.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import { assertClose, assertTensorsKept } from '../../../assertions.js';

/** Products in bfloat16 are checked in frozenMatrix.test.ts, random numbers in dropoutMask.test.ts. */
describe('nativeBackend', () => {
  before(async function () {
    const { name } = await startEngine();
    if (name === 'tensorflow') return;
    console.log(`skipped: the ${name} engine has no operations beyond TensorFlow.js`);
    this.skip();
  });

  it('gives the cross-entropy of each row with its gradient', () => {
    const logits = tf.tensor2d([0, 0, Math.log(3), 0], [2, 2]); // softmax: halves; 3/4 and 1/4
    const targets = tf.tensor1d([0, 1], 'int32');
    const { losses, dLogits } = nativeBackend().softmaxCrossEntropy(logits, targets);
    assertClose(losses, [Math.log(2), Math.log(4)], 1e-6);
    assertClose(dLogits, [0.5 - 1, 0.5, 0.75, 0.25 - 1], 1e-6);
    assertTensorsKept(2, () => Object.values(nativeBackend().softmaxCrossEntropy(logits, targets)));
  });
});
