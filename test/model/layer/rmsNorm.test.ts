import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { rmsNorm } from '../../../model/layer/rmsNorm.js';
import { assertClose, assertGradients, assertTensorsKept, randomTensor } from '../../assertions.js';

describe('rmsNorm', () => {
  before(() => startEngine());

  it('divides each row by its root mean square and scales each column', () => {
    // The rows' root mean squares are sqrt(25 / 2) and sqrt(50 / 2).
    const x = tf.tensor2d([3, 4, -5, 5], [2, 2]);
    const y = rmsNorm(x, tf.tensor1d([1, 10]), 0);
    assertClose(y, [3 / Math.sqrt(12.5), 40 / Math.sqrt(12.5), -1, 10], 1e-6);
  });

  it('adds epsilon to the mean square, so that a row of zeros stays zero', () => {
    const y = rmsNorm(tf.tensor2d([0, 0, 1, 1], [2, 2]), tf.tensor1d([1, 1]), 3);
    assertClose(y, [0, 0, 0.5, 0.5], 1e-6); // 1 / sqrt(1 + 3)
  });

  it('has the gradient of its differences, for rows and gain', () => {
    const [x, gain] = [randomTensor([3, 4]), randomTensor([4], 'gain')];
    assertGradients((x, gain) => rmsNorm(x as tf.Tensor2D, gain as tf.Tensor1D, 0.1), [x, gain]);
  });

  it('leaves its result alone alive', () => {
    const [x, gain] = [randomTensor<tf.Tensor2D>([3, 4]), randomTensor<tf.Tensor1D>([4])];
    assertTensorsKept(1, () => rmsNorm(x, gain, 1e-6));
  });
});
