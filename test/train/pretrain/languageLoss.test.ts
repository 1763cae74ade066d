import { makePlaces } from '../../../model/layer/attention.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { freshDecoder } from '../../../train/pretrain/demoDecoder.js';
import { languageLoss } from '../../../train/pretrain/languageLoss.js';
import { assertClose, randomTensor } from '../../assertions.js';

const config = {
  vocabularySize: 6,
  hidden: 8,
  intermediate: 12,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 4,
  ropeTheta: 100,
  normEpsilon: 1e-6,
};

describe('languageLoss', () => {
  before(async function () {
    const { name } = await startEngine();
    if (name === 'tensorflow') return;
    console.log(`skipped: pretraining needs the tensorflow engine; this is ${name}`);
    this.skip();
  });

  it('is the mean cross-entropy of the next tokens', () => {
    // Without layers each token predicts by its own normed row: [sqrt 2, 0] for token 0, [0, sqrt 2] for token 1.
    const decoder = {
      config: { ...config, layers: 0, hidden: 2 },
      parameters: new Map(),
      embedding: tf.tensor2d([3, 0, 0, 5], [2, 2]),
      layers: [],
      finalNorm: tf.tensor1d([1, 1]),
    };
    const places = makePlaces(1, 2, config);
    const loss = languageLoss(decoder, tf.tensor1d([0, 1], 'int32'), tf.tensor1d([0, 0], 'int32'), places);
    // Logits: 3 sqrt 2 and 0, then 0 and 5 sqrt 2; both rows should have said token 0.
    const first = Math.log(1 + Math.exp(-3 * Math.SQRT2));
    const second = Math.log(1 + Math.exp(5 * Math.SQRT2));
    assertClose(loss, [(first + second) / 2], 1e-5);
  });

  it('has the gradient of its differences for every weight', () => {
    const decoder = freshDecoder(config, 3);
    for (const [name, parameter] of decoder.parameters)
      parameter.assign(parameter.add(randomTensor(parameter.shape, name).mul(0.3)));
    const places = makePlaces(2, 3, config);
    const inputs = tf.tensor1d([0, 5, 2, 2, 1, 4], 'int32');
    const targets = tf.tensor1d([5, 2, 3, 1, 4, 0], 'int32');
    const lossOf = () => languageLoss(decoder, inputs, targets, places);
    const variables = [...decoder.parameters.values()];
    const { grads } = tf.valueAndGrads(lossOf)(variables);
    [...decoder.parameters].forEach(([name, parameter], index) => {
      const direction = randomTensor(parameter.shape, 'direction');
      const start = parameter.clone();
      const at = (step: number) => {
        parameter.assign(start.add(direction.mul(step)));
        return lossOf().dataSync()[0]!;
      };
      const difference = (at(1e-3) - at(-1e-3)) / 2e-3;
      parameter.assign(start);
      const slope = grads[index]!.mul(direction).sum();
      assertClose(slope, [difference], 2e-3 * Math.max(0.5, Math.abs(difference)), `slope of ${name},`);
    });
  });
});
