import { attention, disposePlaces, makePlaces } from '../../../model/layer/attention.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import type { ModelConfig } from '../../../model/modelConfig.js';
import { assertClose, assertGradients, assertTensorsKept, randomTensor } from '../../assertions.js';

const config: ModelConfig = {
  vocabularySize: 0,
  hidden: 0,
  intermediate: 0,
  layers: 0,
  heads: 4,
  kvHeads: 2,
  headDim: 2,
  ropeTheta: 100,
  normEpsilon: 0,
};

describe('attention', () => {
  before(() => startEngine());

  it('mixes the values of the places before, each query head with the key head that its group shares', () => {
    // Queries of zero look at all visible places alike: the second place gets the mean of both values.
    const places = makePlaces(1, 2, config);
    const q = tf.zeros<tf.Rank.R2>([2, 8]);
    const k = randomTensor<tf.Tensor2D>([2, 4], 'k');
    const v = tf.tensor2d([1, 2, 10, 20, 3, 6, 30, 60], [2, 4]); // key head 0 holds 1 2 and 3 6, key head 1 the tens
    assertClose(attention(q, k, v, places, config), [1, 2, 1, 2, 10, 20, 10, 20, 2, 4, 2, 4, 20, 40, 20, 40], 1e-5);
  });

  it('weighs places by softmax(q · k / sqrt(headDim))', () => {
    // One head; a theta so large that only the first pair of a head of size 4 turns, and q and k have zeros there.
    const one = { ...config, heads: 1, kvHeads: 1, headDim: 4, ropeTheta: 1e30 };
    const places = makePlaces(1, 2, one);
    const q = tf.tensor2d([0, 9, 0, 9, 0, 2, 0, 0], [2, 4]);
    const k = tf.tensor2d([0, 3, 0, 0, 0, 1, 0, 0], [2, 4]);
    const v = tf.tensor2d([1, 0, 0, 0, 0, 1, 0, 0], [2, 4]);
    const first = Math.exp(6 / 2) / (Math.exp(6 / 2) + Math.exp(2 / 2));
    assertClose(attention(q, k, v, places, one), [1, 0, 0, 0, first, 1 - first, 0, 0], 1e-6);
  });

  it('has the gradient of its differences for queries, keys and values', () => {
    const places = makePlaces(2, 3, config);
    const xs = [randomTensor([6, 8], 'q'), randomTensor([6, 4], 'k'), randomTensor([6, 4], 'v')];
    assertGradients((q, k, v) => attention(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, places, config), xs);
  });

  it('has the gradient of its differences for one text of one place', () => {
    const places = makePlaces(1, 1, config);
    const xs = [randomTensor([1, 8], 'q'), randomTensor([1, 4], 'k'), randomTensor([1, 4], 'v')];
    assertGradients((q, k, v) => attention(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, places, config), xs);
  });

  it('leaves its result alone alive, and places are freed whole', () => {
    const [q, k, v] = [
      randomTensor<tf.Tensor2D>([6, 8]),
      randomTensor<tf.Tensor2D>([6, 4]),
      randomTensor<tf.Tensor2D>([6, 4]),
    ];
    const places = makePlaces(2, 3, config);
    assertTensorsKept(1, () => attention(q, k, v, places, config));
    assertTensorsKept(0, () => disposePlaces(makePlaces(2, 3, config)));
  });
});
