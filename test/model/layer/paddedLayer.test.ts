import { disposePlaces, makePlaces } from '../../../model/layer/attention.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { decoderLayer, type LayerWeights } from '../../../model/layer/paddedLayer.js';
import type { AdapterPair } from '../../../model/layer/linear.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel, projectionShape, type Model } from '../../../model/layer/decoder.js';
import { projections, type Projection } from '../../../configs/schema.js';
import { assertClose, assertGradients, assertTensorsKept, randomTensor } from '../../assertions.js';
import { tinyQwen2 } from '../../fixtures/tinyQwen2.js';

/** The layer's values are checked in encodeChunk.test.ts, against PyTorch. */
describe('decoderLayer', () => {
  let model: Model;
  before(async () => {
    await startEngine();
    model = await loadModel(tinyQwen2.path('sharded'), 'float32');
  });
  after(() => disposeModel(model));

  it('has the gradient of its differences for input and adapters, feed-forward and its swiglu included', () => {
    const { config } = model;
    const places = makePlaces(2, 2, config);
    const targets: Projection[] = ['q', 'v', 'o', 'gate', 'up', 'down'];
    const halves = targets.map((target) => {
      const [outSize, inSize] = projectionShape(config, target);
      return [randomTensor([1, inSize], target), randomTensor([outSize, 1], target)] as [tf.Tensor2D, tf.Tensor2D];
    });
    // Each half is moved along one direction, so that few differences cover every adapter.
    const along = halves.flat().map((half) => randomTensor(half.shape, 'direction'));
    const f = (x: tf.Tensor, shift: tf.Tensor): tf.Tensor => {
      const moved = halves.flat().map((half, i) => half.add<tf.Tensor2D>(along[i]!.mul(tf.slice(shift, [i], [1]))));
      const pairs = targets.map((target, i): [Projection, AdapterPair] => [
        target,
        { a: moved[2 * i]!, b: moved[2 * i + 1]!, scale: 0.3, number: i },
      ]);
      return decoderLayer(x as tf.Tensor2D, withAdapters(model.layers[0]!, pairs), places, config);
    };
    assertGradients(f, [randomTensor([4, 16]), tf.zeros([halves.length * 2])]);
    disposePlaces(places);
  });

  it('gives the rows that are wanted as if all were computed', () => {
    const places = makePlaces(2, 3, model.config);
    const x = randomTensor<tf.Tensor2D>([6, 16]);
    const wanted = tf.tensor1d([1, 5], 'int32');
    const layer = (only?: tf.Tensor1D) =>
      tf.tidy(() => decoderLayer(x, model.layers[0]!, places, model.config, undefined, only));
    assertClose(layer(wanted), tf.gather(layer(), wanted), 1e-6);
    disposePlaces(places);
  });

  it('leaves its result alone alive within a tidy', () => {
    const places = makePlaces(2, 2, model.config);
    const x = randomTensor<tf.Tensor2D>([4, 16]);
    assertTensorsKept(1, () => tf.tidy(() => decoderLayer(x, model.layers[0]!, places, model.config)));
    disposePlaces(places);
  });
});

function withAdapters(weights: LayerWeights, pairs: [Projection, AdapterPair][]): LayerWeights {
  const adapters = new Map(pairs);
  const linears = projections.map((target) => {
    const adapter = adapters.get(target);
    return [target, { ...weights[target], ...(adapter && { adapter }) }] as const;
  });
  return { ...weights, ...Object.fromEntries(linears) };
}
