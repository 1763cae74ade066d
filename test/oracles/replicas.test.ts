import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAdapter } from '../../checkpoints/adapter.js';
import { readSafetensorsIndex, readTensorBytes, toFloat32 } from '../../checkpoints/safetensors.js';
import { encodeChunk, type Gradients } from '../../model/encodeChunk.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { tf } from '../../model/engine/tf.js';
import { disposeModel, loadModel, type Model } from '../../model/loadModel.js';
import { attachAdapter, type Parameters } from '../../model/lora.js';
import { adamW } from '../../train/optimizer.js';
import { poolGradient, type PoolTokens } from '../../train/poolGradient.js';
import { applyUpdate } from '../../train/update.js';

/** Tiny random replicas of the study's eight bases with figures of PyTorch 2.13, transformers 5.18, PEFT 0.21 in float32. */
const folder = join(process.env['ORACLES'] ?? '../shared/data', 'oracles/replicas');

interface Text {
  token_ids: number[];
  embedding: number[];
}
interface Expected {
  queries: Text[];
  passages: Text[];
}
interface Row {
  query: number;
  passages: number[];
  positive: number;
}
interface Training {
  temperature: number;
  max_grad_norm: number;
  batches: Row[][];
  curve: { loss: number; grad_norm: number; learning_rate: number }[];
  query_embeddings_after: number[][];
}

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
          assertNear(
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
          poolGradient(model, pool, parameters, { temperature: training.temperature, ...budget }, gradients).dispose();
          const reference = await matrices(join(home, 'expected/first_gradient.safetensors'));
          assert.equal(gradients.size, reference.size);
          for (const [name, values] of reference) assertRelative(gradients.get(name)!.dataSync(), values, 1e-4, name);
          tf.dispose([...gradients.values()]);
        });

        it(`gives the losses and the adapter of 12 updates within 1e-4, ${way}`, async () => {
          const parameters = attachAdapter(model, await readAdapter(join(home, 'expected/adapter-start')));
          runUpdates(model, parameters, training, expected, budget);
          const reference = await matrices(join(home, 'expected/adapter_after_12.safetensors'));
          for (const [name, values] of reference) assertNear(parameters.get(name)!.dataSync(), values, 1e-4, name);
          const embeddings = encodeChunk(model, expected.queries.map(tokens));
          assertNear(embeddings.dataSync(), training.query_embeddings_after.flat(), 1e-4);
          embeddings.dispose();
        });
      }
    });
  }
});

const tokens = ({ token_ids }: Text) => Int32Array.from(token_ids);

/** The reference counts every column of the batch, also one that repeats or is relevant to another query. */
function poolOf(rows: Row[], { queries, passages }: Expected): PoolTokens {
  const distinct = [...new Set(rows.flatMap((row) => row.passages))];
  const columns = distinct.map((id) => rows.flatMap((row) => row.passages).filter((other) => other === id).length);
  return {
    queries: rows.map(({ query }) => tokens(queries[query]!)),
    passages: distinct.map((id) => tokens(passages[id]!)),
    targets: rows.map(({ positive }) => distinct.indexOf(positive)),
    counts: Float32Array.from(rows.flatMap(() => columns)),
  };
}

function runUpdates(
  model: Model,
  parameters: Parameters,
  training: Training,
  expected: Expected,
  budget: { chunkTokens: number; keptBytes: number },
) {
  const { temperature, max_grad_norm: maxGradNorm, curve, batches } = training;
  const optimizer = adamW(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
  curve.forEach(({ loss, grad_norm, learning_rate: learningRate }, index) => {
    const gradients: Gradients = new Map();
    const pool = poolOf(batches[index]!, expected);
    const poolLoss = poolGradient(model, pool, parameters, { temperature, ...budget }, gradients);
    const measured = applyUpdate(gradients, [poolLoss], optimizer, { learningRate, maxGradNorm, update: index + 1 });
    assertNear([measured.loss], [loss], 1e-4, `loss ${index + 1}`);
    assertNear([measured.gradNorm], [grad_norm], 1e-3, `gradient norm ${index + 1}`);
  });
  optimizer.dispose();
}

/** Tensors of a PEFT file by our parameter names. */
async function matrices(file: string): Promise<Map<string, Float32Array>> {
  const { tensors } = await readSafetensorsIndex(file);
  const entries = [...tensors].map(async ([key, entry]) => {
    const name = key.replace(/^.*?(layers\.)/, '$1').replace(/\.weight$/, '');
    return [name, toFloat32(await readTensorBytes(entry), entry.dtype)] as const;
  });
  return new Map(await Promise.all(entries));
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = 'value') {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++)
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, `${what} ${i}: ${actual[i]} against ${expected[i]}`);
}

/** The largest difference against the largest value of the matrix. */
function assertRelative(actual: ArrayLike<number>, expected: Float32Array, tolerance: number, what: string) {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assertNear(actual, expected, tolerance * largest, what);
}
