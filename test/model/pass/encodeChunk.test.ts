import assert from 'node:assert/strict';
import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import {
  backwardChunk,
  disposePass,
  encodeChunk,
  forwardChunk,
  hiddenStates,
  type Gradients,
} from '../../../model/pass/encodeChunk.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import type { ChunkDropout } from '../../../model/layer/dropout.js';
import { attachAdapter, removeAdapter } from '../../../model/layer/lora.js';
import { assertClose, assertTensorsKept, randomTensor, tensorsAlive } from '../../assertions.js';
import { tinyQwen2, tinyTexts } from '../../fixtures/tinyQwen2.js';

const hidden = 16;

describe('encodeChunk.ts', () => {
  let model: Model;
  before(async () => {
    await startEngine();
    model = await loadModel(tinyQwen2.path('sharded'), 'float32');
  });
  after(() => disposeModel(model));

  const embed = (texts: Int32Array[], from = model): Float32Array => {
    const embeddings = encodeChunk(from, texts);
    const values = embeddings.dataSync() as Float32Array;
    embeddings.dispose();
    return values;
  };
  const expectedRow = (text: number) => tinyQwen2.embeddings.sharded.slice(text * hidden, (text + 1) * hidden);

  describe('hiddenStates', () => {
    it('gives those of PyTorch at every token of every text of a batch', () => {
      const states = hiddenStates(model, tinyTexts);
      const values = states.dataSync() as Float32Array;
      let start = 0;
      tinyTexts.forEach(({ length }, row) => {
        const own = values.subarray(start * hidden, (start + length) * hidden);
        assertClose(own, tinyQwen2.hiddenStates[row]!, 1e-5, `text ${row}, number`);
        start += length;
      });
      states.dispose();
    });

    it('leaves its result alone alive', () => {
      assertTensorsKept(1, () => hiddenStates(model, tinyTexts));
    });
  });

  describe('encodeChunk', () => {
    it("gives PyTorch's embeddings, the unit vector of each text's last token", () => {
      const values = embed(tinyTexts);
      assertClose(values, tinyQwen2.embeddings.sharded, 1e-6);
      for (let row = 0; row < tinyTexts.length; row++) {
        const length = Math.hypot(...values.subarray(row * hidden, (row + 1) * hidden));
        assertClose([length], [1], 1e-6, 'length of embedding');
      }
    });

    // The fourth text holds in its middle the id that the reference pads with, the last one consists of it.
    it('does not depend on what a text is batched with, or in which order', () => {
      tinyTexts.forEach((text, row) => assertClose(embed([text]), expectedRow(row), 1e-6, `text ${row} alone, number`));
      const order = [7, 4, 3, 0, 4];
      assertClose(embed(order.map((row) => tinyTexts[row]!)), order.flatMap(expectedRow), 1e-6);
    });

    it('leaves its result alone alive', () => {
      assertTensorsKept(1, () => encodeChunk(model, tinyTexts));
    });

    // It once got the embedding of the text before it in the batch.
    it('refuses a text without a token', () => {
      const before = tensorsAlive();
      assert.throws(() => encodeChunk(model, [tinyTexts[0]!, new Int32Array(0)]), /^UserError: a text without a token/);
      assert.deepEqual(tensorsAlive(), before);
    });

    it('in bfloat16 comes within cosine 0.999 of float32', async function () {
      const { name, precisions } = await startEngine();
      if (!precisions.includes('bfloat16')) {
        console.log(`skipped: the ${name} engine does not offer bfloat16`);
        return this.skip();
      }
      const rounded = await loadModel(tinyQwen2.path('sharded'), 'bfloat16');
      const values = embed(tinyTexts, rounded);
      tinyTexts.forEach((_, row) => {
        const cosine = expectedRow(row).reduce((sum, value, i) => sum + value * values[row * hidden + i]!, 0);
        assert.ok(cosine >= 0.999 && cosine < 1 - 1e-7, `text ${row} has cosine ${cosine}`);
      });
      disposeModel(rounded);
    });
  });

  describe('forwardChunk and backwardChunk', () => {
    beforeEach(async () => {
      removeAdapter(model);
    });

    const masks: ChunkDropout = { rate: 0.3, seed: [5, 6], texts: [...tinyTexts.keys()] };

    async function withAdapter() {
      return attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
    }

    /** Of the sum of embeddings times `upstream`. */
    function gradients(
      parameters: Awaited<ReturnType<typeof withAdapter>>,
      upstream: tf.Tensor2D,
      dropout?: ChunkDropout,
    ) {
      const into: Gradients = new Map();
      const pass = atOnce(forwardChunk(model, tinyTexts, dropout));
      atOnce(backwardChunk(model, pass, upstream, parameters, into));
      disposePass(pass);
      return into;
    }

    // Without dropout the gradient is compared with PyTorch's, in test/train/step/poolGradient.test.ts.
    it('give the gradient of central differences of the masked function along a direction of each matrix', async () => {
      const parameters = await withAdapter();
      const upstream = randomTensor<tf.Tensor2D>([tinyTexts.length, hidden], 'upstream');
      const dropout = masks;
      const into = gradients(parameters, upstream, dropout);
      const valueAt = () => {
        const embeddings = encodeChunk(model, tinyTexts, dropout);
        const value = tf.tidy(() => embeddings.mul(upstream).sum().dataSync()[0]!);
        embeddings.dispose();
        return value;
      };
      for (const [name, parameter] of parameters) {
        const direction = randomTensor(parameter.shape, name);
        const start = parameter.clone();
        const at = (step: number) => {
          parameter.assign(start.add(direction.mul(step)));
          return valueAt();
        };
        const difference = (at(1e-3) - at(-1e-3)) / 2e-3;
        parameter.assign(start);
        const slope = tf.tidy(() => into.get(name)!.mul(direction).sum().dataSync()[0]!);
        assertClose([slope], [difference], 5e-3 * Math.max(1, Math.abs(difference)), `slope of ${name},`);
      }
      tf.dispose([...into.values()]);
    });

    it('add to the gradients that are there', async () => {
      const parameters = await withAdapter();
      const upstream = randomTensor<tf.Tensor2D>([tinyTexts.length, hidden], 'upstream');
      const once = gradients(parameters, upstream);
      const into = gradients(parameters, upstream);
      const pass = atOnce(forwardChunk(model, tinyTexts));
      atOnce(backwardChunk(model, pass, upstream, parameters, into));
      disposePass(pass);
      for (const [name, gradient] of into) assertClose(gradient, once.get(name)!.mul(2), 1e-5, name);
      tf.dispose([...once.values(), ...into.values()]);
    });

    it('leave the gradients alone alive', async () => {
      const parameters = await withAdapter();
      const upstream = randomTensor<tf.Tensor2D>([tinyTexts.length, hidden], 'upstream');
      assertTensorsKept(parameters.size, () => [...gradients(parameters, upstream, masks).values()]);
    });
  });
});
