import { joinHeads, splitHeads, type HeadShape } from '../../../model/layer/heads.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { rotate, rotaryTables } from '../../../model/layer/rotary.js';
import { assertClose, assertTensorsKept, randomTensor } from '../../assertions.js';

/** Groups of several heads and of one. */
const shapes: HeadShape[] = [
  { batch: 2, time: 3, kvHeads: 2, group: 3, headDim: 4 },
  { batch: 2, time: 3, kvHeads: 2, group: 1, headDim: 4 },
];
const joinedSize = ({ batch, time, kvHeads, group, headDim }: HeadShape) => [batch * time, kvHeads * group * headDim];
const splitSize = ({ batch, time, kvHeads, group, headDim }: HeadShape) => [batch * kvHeads, group * time, headDim];

describe('heads', () => {
  before(() => startEngine());

  it('are laid one after the other along time, group by group', () => {
    const shape = { batch: 1, time: 2, kvHeads: 2, group: 2, headDim: 2 };
    const x = tf.tensor2d([10, 11, 20, 21, 30, 31, 40, 41, 12, 13, 22, 23, 32, 33, 42, 43], [2, 8]);
    const split = splitHeads(x, shape); // tens count the heads, units go on with time
    assertClose(split, [10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33, 40, 41, 42, 43]);
    assertClose(joinHeads(split, shape), x);
  });

  for (const shape of shapes) {
    describe(`in groups of ${shape.group}`, () => {
      const tables = () => rotaryTables(shape.time, shape.headDim, 100, 0.5);

      it('are turned by the places of their texts', () => {
        const x = randomTensor<tf.Tensor2D>(joinedSize(shape));
        const apart = splitHeads(x, shape).reshape([-1, shape.time, shape.headDim]);
        assertClose(splitHeads(x, shape, tables()), rotate(apart, tables()), 1e-6);
      });

      it('are turned by tables of their own text where there are such', () => {
        const x = randomTensor<tf.Tensor2D>(joinedSize(shape));
        const [one, other] = [tables(), rotaryTables(shape.time, shape.headDim, 7)];
        const both = { cos: tf.concat([one.cos, other.cos]), sin: tf.concat([one.sin, other.sin]) };
        const rows = (y: tf.Tensor, text: number) => y.slice([text * shape.kvHeads], [shape.kvHeads]);
        const split = splitHeads(x, shape, both);
        assertClose(rows(split, 0), rows(splitHeads(x, shape, one), 0), 1e-6);
        assertClose(rows(split, 1), rows(splitHeads(x, shape, other), 1), 1e-6);
        const y = randomTensor<tf.Tensor3D>(splitSize(shape));
        assertClose(joinHeads(y, shape, both).mul(x).sum(), split.mul(y).sum(), 1e-5);
      });

      it('are joined by the transpose of the map that splits them', () => {
        const [x, y] = [randomTensor<tf.Tensor2D>(joinedSize(shape)), randomTensor<tf.Tensor3D>(splitSize(shape))];
        const split = splitHeads(x, shape, tables()).mul(y).sum();
        assertClose(joinHeads(y, shape, tables()).mul(x).sum(), split, 1e-5);
      });

      it('leave their result alone alive', () => {
        const [x, y] = [randomTensor<tf.Tensor2D>(joinedSize(shape)), randomTensor<tf.Tensor3D>(splitSize(shape))];
        const rotary = tables();
        assertTensorsKept(1, () => splitHeads(x, shape, rotary));
        assertTensorsKept(1, () => joinHeads(y, shape, rotary));
      });
    });
  }
});
