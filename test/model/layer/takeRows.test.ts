import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { takeRows } from '../../../model/layer/takeRows.js';
import { assertClose, assertGradients, assertTensorsKept, randomTensor } from '../../assertions.js';

describe('takeRows', () => {
  before(() => startEngine());

  it('gives the rows in the order asked for', () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    assertClose(takeRows(x, tf.tensor1d([2, 0], 'int32')), [5, 6, 1, 2], 0);
  });

  it('has the gradient of its differences: zero for the other rows', () => {
    const rows = tf.tensor1d([3, 1], 'int32');
    assertGradients((x) => takeRows(x as tf.Tensor2D, rows), [randomTensor([4, 3])]);
  });

  it('leaves its result alone alive', () => {
    const x = randomTensor<tf.Tensor2D>([4, 3]);
    const rows = tf.tensor1d([3, 1], 'int32');
    assertTensorsKept(1, () => takeRows(x, rows));
  });
});
