import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { rotaryTables, rotate } from '../../../model/layer/rotary.js';
import { assertClose, assertGradients, assertTensorsKept, randomTensor } from '../../assertions.js';

describe('rotaryTables', () => {
  before(() => startEngine());

  it('hold cosines and sines of position times frequency', () => {
    // Head size 4, theta 100: frequencies 1 and 100^(-2/4) = 0.1.
    const { cos, sin } = rotaryTables(3, 4, 100);
    assertClose(cos, [1, 1, Math.cos(1), Math.cos(0.1), Math.cos(2), Math.cos(0.2)], 1e-7);
    assertClose(sin, [0, 0, Math.sin(1), Math.sin(0.1), Math.sin(2), Math.sin(0.2)], 1e-7);
  });

  it('are scaled where asked', () => {
    const { cos, sin } = rotaryTables(2, 2, 1e4, 0.5);
    assertClose(cos, [0.5, 0.5 * Math.cos(1)], 1e-7);
    assertClose(sin, [0, 0.5 * Math.sin(1)], 1e-7);
  });
});

describe('rotate', () => {
  before(() => startEngine());

  it('turns each number together with the one half a head further', () => {
    // Pairs (1, 3) and (2, 4) at position 1 turn by a right angle and by none.
    const cos = tf.tensor2d([1, 1, 0, 1], [2, 2]);
    const sin = tf.tensor2d([0, 0, 1, 0], [2, 2]);
    const x = tf.tensor3d([1, 2, 3, 4, 1, 2, 3, 4], [1, 2, 4]);
    assertClose(rotate(x, { cos, sin }), [1, 2, 3, 4, -3, 2, 1, 4], 1e-6);
  });

  it('makes products of queries and keys depend on their distance alone', () => {
    const tables = rotaryTables(6, 4, 50);
    const [q, k] = [randomTensor([1, 4], 'q'), randomTensor([1, 4], 'k')];
    const everywhere = (x: tf.Tensor) => rotate(x.tile([6, 1]), tables);
    const products = tf.matMul(everywhere(q), everywhere(k), false, true).arraySync() as number[][];
    assertClose([products[5]![3]!, products[4]![2]!], [products[2]![0]!, products[2]![0]!], 1e-6);
  });

  it('has the gradient of its differences, also with scaled tables', () => {
    for (const scale of [1, 0.5]) {
      const tables = rotaryTables(3, 4, 100, scale);
      assertGradients((x) => rotate(x, tables), [randomTensor([2, 3, 4])]);
    }
  });

  it('leaves its result alone alive', () => {
    const tables = rotaryTables(3, 4, 100);
    const x = randomTensor([2, 3, 4]);
    assertTensorsKept(1, () => rotate(x, tables));
  });
});
