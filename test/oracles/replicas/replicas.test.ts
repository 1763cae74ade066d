import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import { encodeChunk, type Gradients } from '../../../model/pass/encodeChunk.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import { attachAdapter } from '../../../model/layer/lora.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { oneAttempt, poolGradient } from '../../../train/step/poolGradient.js';
import { assertClose } from '../../assertions.js';
import { matrices, poolOf, runUpdates, tokens, type Expected, type Training } from './training.js';

/** Tiny random replicas of the study's eight bases with figures of PyTorch 2.13, transformers 5.18, PEFT 0.21 in float32. */
const folder = join(process.env['ORACLES'] ?? '../shared/data', 'oracles/replicas');

describe('replicas of the eight bases in float32 against PyTorch', function () {
  before(async function () {
    if (!existsSync(folder)) {
      console.log(`skipped: no replicas at ${folder}`);
      this.skip();
    }
    await startEngine();
  });

  for (const base of existsSync(folder) ? readdirSync(folder) : []) {
    describe(base, () => {
      const home = join(folder, base);
      const json = <T>(name: string) => JSON.parse(readFileSync(join(home, 'expected', name), 'utf8')) as T;
      const expected = json<Expected>('embeddings.json');
      const training = json<Training>('training.json');
      let model: Model;

      beforeEach(async () => {
        model = await loadModel(home, 'float32');
      });
      afterEach(() => disposeModel(model));

      it('gives the embeddings within 1e-5', () => {
        for (const texts of [expected.queries, expected.passages]) {
          const embeddings = encodeChunk(model, texts.map(tokens));
          assertClose(
            embeddings.dataSync(),
            texts.flatMap(({ embedding }) => embedding),
            1e-5,
          );
          embeddings.dispose();
        }
      });

      // The second budget is smaller than any batch, so the pool goes through the gradient cache in many chunks, some of
      // whose layer inputs are kept and some not.
      const ways = [
        ['in one chunk', { chunkTokens: 1e6, keptBytes: 1e9 }],
        ['through the gradient cache', { chunkTokens: 60, keptBytes: 2e5 }],
      ] as const;
      for (const [way, budget] of ways) {
        it(`gives the first gradient within 1e-4 relative, ${way}`, async () => {
          const parameters = attachAdapter(model, await readAdapter(join(home, 'expected/adapter-start')));
          const gradients: Gradients = new Map();
          const pool = poolOf(training.batches[0]!, expected);
          const { temperature } = training;
          atOnce(poolGradient(model, pool, parameters, { temperature }, oneAttempt(budget), gradients)).dispose();
          const reference = await matrices(join(home, 'expected/first_gradient.safetensors'));
          assert.equal(gradients.size, reference.size);
          for (const [name, values] of reference) assertRelative(gradients.get(name)!.dataSync(), values, 1e-4, name);
          tf.dispose([...gradients.values()]);
        });

        it(`gives the losses and the adapter of 12 updates within 1e-4, ${way}`, async () => {
          const parameters = attachAdapter(model, await readAdapter(join(home, 'expected/adapter-start')));
          runUpdates(model, parameters, training, expected, budget);
          const reference = await matrices(join(home, 'expected/adapter_after_12.safetensors'));
          for (const [name, values] of reference) assertClose(parameters.get(name)!.dataSync(), values, 1e-4, name);
          const embeddings = encodeChunk(model, expected.queries.map(tokens));
          assertClose(embeddings.dataSync(), training.query_embeddings_after.flat(), 1e-4);
          embeddings.dispose();
        });
      }
    });
  }
});

/** The largest difference against the largest value of the matrix. */
function assertRelative(actual: ArrayLike<number>, expected: Float32Array, tolerance: number, what: string) {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assertClose(actual, expected, tolerance * largest, what);
}
