import assert from 'node:assert/strict';
import { copyFileSync, existsSync, symlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Adapter } from '../../../checkpoints/adapter/adapter.js';
import { readSafetensorsIndex, readTensorBytes, toFloat32 } from '../../../checkpoints/tensors/safetensors.js';
import { parseConfig } from '../../../configs/load/loadConfig.js';
import { projections } from '../../../configs/schema.js';
import { openExamples } from '../../../data/arrow/openExamples.js';
import type { Example } from '../../../data/example/example.js';
import { importExamples } from '../../../data/import/importExamples.js';
import { composePool } from '../../../data/stream/pool.js';
import { tokenPools } from '../../../data/stream/tokenPools.js';
import { startTokenizerThreads } from '../../../data/tokenizer/threads.js';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { countsOf } from '../../../data/stream/candidateCounts.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import { attachAdapter, detachedAdapter, type Parameters } from '../../../model/layer/lora.js';
import { loadModel } from '../../../model/load/loadModel.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import type { Sequence } from '../../../model/pass/sequence.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { baseContract } from '../../../model/vision/baseContract.js';
import { openRunImages } from '../../../train/loop/images/openImages.js';
import { adamW } from '../../../train/step/update/optimizer.js';
import { oneAttempt, poolGradient, type PoolTokens } from '../../../train/step/poolGradient.js';
import { poolWithinMemory } from '../../../train/step/poolWithinMemory.js';
import { applyUpdate } from '../../../train/step/update/update.js';
import { assertClose } from '../../assertions.js';
import { matrices } from '../replicas/training.js';

const oracle = join(process.env.ORACLES ?? '../shared/data', 'oracles/vision');
const expected = join(oracle, 'expected');

interface Document {
  id: string;
  parts: [kind: 'text' | 'image', value: string][];
  token_ids: number[];
  position_ids: [number[], number[], number[]];
}
interface Training {
  temperature: number;
  max_grad_norm: number;
  batches: { query: string; passages: string[]; positive: string }[][];
  curve: { loss: number; grad_norm: number; learning_rate: number }[];
}

describe('the adapter of a decoder that reads images', function () {
  this.timeout(300_000); // twelve updates with the tower, in a run of its own
  const imageId = 1768;
  let training: Training;
  let model: Model;
  const documents = new Map<string, Sequence>();
  before(async function () {
    if (!existsSync(oracle)) {
      console.log(`    skipped: ${oracle} is not there; name the folder above oracles by ORACLES`);
      return this.skip();
    }
    const json = async (name: string) => JSON.parse(await readFile(join(expected, name), 'utf8')) as unknown;
    training = (await json('train-decoder/training.json')) as Training;
    const { tensors } = await readSafetensorsIndex(join(expected, 'features.safetensors'));
    const all = ((await json('documents.json')) as { documents: Record<string, Document[]> }).documents;
    for (const { id, parts, token_ids, position_ids } of all['chat/text-first']!) {
      const ids = Int32Array.from(token_ids);
      const inserted = [];
      let at = 0;
      for (const file of parts.flatMap(([part, value]) => (part === 'image' ? [value] : []))) {
        const entry = tensors.get(file)!;
        at = ids.indexOf(imageId, at);
        inserted.push({ at, values: toFloat32(await readTensorBytes(entry), entry.dtype) });
        at += entry.shape[0]!;
      }
      const [time, row, column] = position_ids.map((axis) => Int32Array.from(axis));
      documents.set(id, inserted.length === 0 ? ids : { ids, inserted, positions: [time!, row!, column!] });
    }
    await startEngine();
    model = { ...(await loadModel(join(oracle, 'model'), 'float32')), sections: [2, 3, 3] };
  });
  after(() => model && disposeModel(model));

  /** The reference counts every column of the batch, also one that repeats. */
  function poolOf(rows: Training['batches'][number]): PoolTokens {
    const columns = rows.flatMap(({ passages }) => passages);
    const distinct = [...new Set(columns)];
    const counts = distinct.map((id) => columns.filter((other) => other === id).length);
    return {
      queries: rows.map(({ query }) => documents.get(query)!),
      passages: distinct.map((id) => documents.get(id)!),
      targets: rows.map(({ positive }) => distinct.indexOf(positive)),
      counts: countsOf(rows.map(() => counts)),
    };
  }

  async function attach(to = model, kind = 'train-decoder'): Promise<{ parameters: Parameters; adapter: Adapter }> {
    const start = await matrices(join(expected, kind, 'adapter-start/adapter_model.safetensors'));
    const [rank, alpha] = [4, 8];
    const names = [...start.keys()].filter((name) => name.endsWith('lora_A')).map((name) => name.slice(0, -7));
    const pairs = names.map((name) => {
      const [a, b] = [start.get(`${name}.lora_A`)!, start.get(`${name}.lora_B`)!];
      return [name, { a, b, inSize: a.length / rank, outSize: b.length / rank }] as const;
    });
    const adapter = { rank, alpha, dropout: 0, targets: [...projections], base: '', matrices: new Map(pairs) };
    return { parameters: attachAdapter(to, adapter), adapter };
  }

  // The longest document has some 160 places: several chunks of a pool, or all of it in one.
  for (const [what, budget] of [
    ['chunks of one document', { chunkTokens: 100, keptBytes: 0 }],
    ['one chunk', { chunkTokens: 1e6, keptBytes: 1e9 }],
  ] as const)
    it(`has the first gradient of PyTorch in ${what}, and twelve updates of its curve`, async () => {
      const { temperature, max_grad_norm: maxGradNorm, batches, curve } = training;
      const { parameters, adapter } = await attach();
      const optimizer = adamW(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
      const first = await matrices(join(expected, 'train-decoder/first_gradient.safetensors'));
      for (const [index, { loss, grad_norm, learning_rate: learningRate }] of curve.entries()) {
        const gradients: Gradients = new Map();
        const pool = poolOf(batches[index]!);
        const poolLoss = atOnce(poolGradient(model, pool, parameters, { temperature }, oneAttempt(budget), gradients));
        if (index === 0) {
          assert.deepEqual([...gradients.keys()].sort(), [...first.keys()].sort());
          for (const [name, gradient] of gradients) assertClose(gradient, first.get(name)!, 1e-4, name);
        }
        const measured = applyUpdate(gradients, [poolLoss], optimizer, {
          learningRate,
          maxGradNorm,
          update: index + 1,
        });
        assertClose([measured.loss], [loss], 1e-4, `loss ${index + 1}`);
        assertClose([measured.gradNorm], [grad_norm], 1e-3, `gradient norm ${index + 1}`);
      }
      optimizer.dispose();
      const after = await matrices(join(expected, 'train-decoder/adapter_after_12.safetensors'));
      for (const [name, { a, b }] of detachedAdapter(parameters, adapter).matrices) {
        assertClose(a, after.get(`${name}.lora_A`)!, 1e-4, `${name}.lora_A`);
        assertClose(b, after.get(`${name}.lora_B`)!, 1e-4, `${name}.lora_B`);
      }
    });

  // The same, from files of images: imported, streamed into pools, tokenized, through the tower and the decoder.
  const inChunks = { chunkTokens: 200, keptBytes: 0 };
  for (const { what, base: name, kind, plan, updates } of [
    { what: 'the decoder alone', base: 'model', kind: 'train-decoder', plan: inChunks, updates: 3 },
    {
      what: 'the tower too',
      ...{ base: 'model', kind: 'train-both', plan: { chunkTokens: 1e6, keptBytes: 1e9 }, updates: 12 },
    },
    {
      what: 'the tower too, in the layout of later versions and in chunks',
      ...{ base: 'resaved', kind: 'train-both', plan: inChunks, updates: 1 },
    },
  ])
    it(`has the same first ${updates} updates when rows and images are imported and trained on: ${what}`, async () => {
      const adapted = kind === 'train-both';
      const folder = await mkdtemp(join(tmpdir(), 'tercet-'));
      copyFileSync(join(expected, kind, 'train.jsonl'), join(folder, 'train.jsonl'));
      symlinkSync(resolve(oracle, 'images'), join(folder, 'images'));
      await importExamples([join(folder, 'train.jsonl')], join(folder, 'train.arrow'));
      const file = await openExamples(join(folder, 'train.arrow'));
      const contractSettings = { titleRule: 'as-is', chatTemplate: true, eosToken: '<|endoftext|>' };
      const image = { maxPixels: 100352 };
      const settings = parseConfig({ contract: contractSettings, image, lora: { tower: adapted } });
      // The library saves no tokenizer beside the other layout.
      const base = { folder: join(oracle, name), tokenizer: await loadTokenizer(join(oracle, 'model')) };
      const arithmetic = { precision: 'float32', float32Products: 'float32' } as const;
      const { contract, vision } = await baseContract(base, settings, arithmetic, true);
      const own = await loadModel(base.folder, 'float32');
      const { reader, pools: images } = await openRunImages(vision!, own, contract, settings, [file]);
      const threads = await startTokenizerThreads(join(oracle, 'model'), contract, 1, base.tokenizer);
      try {
        const training = JSON.parse(await readFile(join(expected, kind, 'training.json'), 'utf8')) as Training;
        const rows = await file.read(0);
        const pools = training.batches.slice(0, updates).map((_, update) =>
          composePool(rows.slice(4 * update, 4 * update + 4).map(placed), {
            ...{ passagesPerQuery: 3, seed: 1, maskRelevant: false },
          }),
        );
        const { parameters, adapter } = await attach(own, kind);
        const first = await matrices(join(expected, kind, 'first_gradient.safetensors'));
        const { temperature, max_grad_norm: maxGradNorm, curve } = training;
        const optimizer = adamW(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
        let update = 0;
        // The reference puts no blank where there is no title, as the encoder does for a text that has none.
        const untitled: Pick<typeof threads, 'tokenize'> = {
          tokenize: (kind, texts) =>
            threads.tokenize(
              kind,
              texts.map(({ title, ...text }) => (title ? { title, ...text } : text)),
            ),
        };
        const never = () => undefined;
        for await (const marked of tokenPools(inOrder(pools), untitled, 1)) {
          const gradients: Gradients = new Map();
          const pool = images.place(marked);
          await images.fill([...pool.queries, ...pool.passages], never);
          const options = { temperature, rowGradients: images.gradients };
          const poolLoss = atOnce(poolWithinMemory(own, pool, parameters, options, { ...plan }, gradients, () => {}));
          await images.backpropagate(parameters, gradients, never);
          images.forget();
          if (update === 0) {
            assert.deepEqual([...gradients.keys()].sort(), [...first.keys()].sort());
            for (const [name, gradient] of gradients) assertClose(gradient, first.get(name)!, 1e-4, name);
          }
          const { loss, grad_norm, learning_rate: learningRate } = curve[update]!;
          const measured = applyUpdate(gradients, [poolLoss], optimizer, {
            ...{ learningRate, maxGradNorm, update: ++update },
          });
          assertClose([measured.loss], [loss], 1e-4, `loss ${update}`);
          assertClose([measured.gradNorm], [grad_norm], 1e-3, `gradient norm ${update}`);
        }
        assert.equal(update, updates);
        optimizer.dispose();
        if (updates < 12) return;
        const after = await matrices(join(expected, kind, 'adapter_after_12.safetensors'));
        assert.equal(2 * adapter.matrices.size, after.size);
        for (const [name, { a, b }] of detachedAdapter(parameters, adapter).matrices) {
          assertClose(a, after.get(`${name}.lora_A`)!, 1e-4, `${name}.lora_A`);
          assertClose(b, after.get(`${name}.lora_B`)!, 1e-4, `${name}.lora_B`);
        }
      } finally {
        await threads.close();
        await reader.close();
        disposeModel(own);
        await file.close();
        await rm(folder, { recursive: true, force: true });
      }
    });
});

const placed = (example: Example, row: number) => ({
  ...{ example, origin: { source: 0, row }, turn: 0 },
  next: { epoch: 0, window: 0, row: row + 1 },
});

async function* inOrder<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
