import assert from 'node:assert/strict';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import { attachAdapter, freshAdapter, type Parameters } from '../../../model/layer/lora.js';
import type { Gradients } from '../../../model/layer/stackedLora.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { tapeBytes } from '../../../model/memory/activationsBytes.js';
import { disposeTape, gradientsOfTape, keepTape } from '../../../model/pass/keptTape.js';
import { backwardPadded, disposePadded, runPadded } from '../../../model/pass/paddedPass.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { tapedGradients } from '../../../model/pass/tapedGradients.js';
import { assertClose, assertTensorsKept, randomTensor, tensorsAlive } from '../../assertions.js';
import { tinyQwen2, tinyTexts } from '../../fixtures/tinyQwen2.js';

describe('keepTape', () => {
  before(() => startEngine());

  it('gives the gradient later, of a function of two matrices, and leaves nothing else alive', () => {
    const a = tf.tensor2d([[1, 2]]);
    const b = tf.tensor2d([[3], [4]]);
    const before = tensorsAlive().known;
    const { y, tape } = keepTape(() => tf.square(tf.matMul(a, b)));
    assertClose(y, [121], 1e-6);
    y.dispose();
    const others = tf.tidy(() => tapedGradients((x) => tf.exp(x), [a], tf.ones([1, 2]))); // another tape in between
    tf.dispose(others);
    const upstream = tf.tensor2d([[0.5]]);
    const [dA, dB] = gradientsOfTape(tape, [a, b], upstream);
    // d (ab)^2 = 2 ab · upstream = 11
    assertClose(dA!, [33, 44], 1e-5);
    assertClose(dB!, [11, 22], 1e-5);
    tf.dispose([dA!, dB!, upstream]);
    assert.deepEqual(tensorsAlive().known, before);
    tf.dispose([a, b]);
  });

  it('frees what it has saved where it fails, where its tape is let go of, and where the scope around it ends', () => {
    const a = tf.tensor2d([[1, 2]]);
    const before = tensorsAlive().known;
    const failing = () => {
      tf.square(a);
      throw new Error('no memory');
    };
    assert.throws(() => keepTape(failing), /no memory/);
    assert.deepEqual(tensorsAlive().known, before);
    const { y, tape } = keepTape(() => tf.square(a));
    y.dispose();
    disposeTape(tape);
    assert.deepEqual(tensorsAlive().known, before);
    tf.tidy(() => void keepTape(() => tf.square(a)));
    assert.deepEqual(tensorsAlive().known, before);
    a.dispose();
  });
});

describe('a padded pass that keeps tapes', () => {
  let model: Model;
  let parameters: Parameters;
  const masks = { rate: 0.3, seed: [1, 2] as const, texts: tinyTexts.map((_, text) => text) };
  before(async () => {
    await startEngine();
    model = await loadModel(tinyQwen2.path('sharded'), 'float32');
    const all = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;
    parameters = attachAdapter(model, freshAdapter(model, { rank: 4, alpha: 8, dropout: 0.3, targets: [...all] }, 1));
    for (const each of parameters.values()) each.assign(randomTensor(each.shape, each.name).mul(0.1));
  });
  after(() => disposeModel(model));

  function gradientsWith(savedLayers: number): Gradients {
    const into: Gradients = new Map();
    const pass = atOnce(runPadded(model, tinyTexts, { keep: { savedLayers }, dropout: masks }));
    const upstream = randomTensor<tf.Tensor2D>([tinyTexts.length, model.config.hidden], 'upstream');
    into.set('input', atOnce(backwardPadded(model, pass, upstream, parameters, into)));
    disposePadded(pass);
    upstream.dispose();
    return into;
  }

  it('gives the bits of one that computes its layers again, and leaves the gradients alone alive', () => {
    const again = gradientsWith(0);
    for (const savedLayers of [1, model.config.layers]) {
      const kept = gradientsWith(savedLayers);
      for (const [name, gradient] of again)
        assert.deepEqual(kept.get(name)!.dataSync(), gradient.dataSync(), `${name} with ${savedLayers} tapes`);
      tf.dispose([...kept.values()]);
    }
    tf.dispose([...again.values()]);
    assertTensorsKept(parameters.size + 1, () => [...gradientsWith(model.config.layers).values()]);
  });

  it('is freed with its tapes, and these hold what is planned, less the last layer, where few rows are wanted', () => {
    const bytesWith = (savedLayers: number) => {
      const pass = atOnce(runPadded(model, tinyTexts, { keep: { savedLayers }, dropout: masks }));
      const bytes = tf.memory().numBytes;
      disposePadded(pass);
      return bytes;
    };
    const before = tensorsAlive().known;
    const { layers, heads } = model.config;
    const held = bytesWith(layers) - bytesWith(1);
    assert.deepEqual(tensorsAlive().known, before);
    const longestText = Math.max(...tinyTexts.map(({ length }) => length));
    const planned = tapeBytes(
      { config: model.config, activationBytes: 4, longestText },
      longestText * tinyTexts.length,
    );
    const most = (layers - 1) * planned;
    assert.ok(held < most && held > 0.8 * most, `${held} of ${most}, ${heads} heads`);
  });
});
