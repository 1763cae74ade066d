import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBaseFolder } from '../../../checkpoints/base/baseFolder.js';
import { readTensorBytes, writeSafetensors, type TensorToWrite } from '../../../checkpoints/tensors/safetensors.js';
import { UserError } from '../../../configs/userError.js';
import { encodeChunk } from '../../../model/pass/encodeChunk.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel, projectionShape } from '../../../model/layer/decoder.js';
import { exampleCard, pretendCard } from '../../gpu/worker/pretendCard.js';
import type { Card } from '../../../model/engine/native/nodeBackend.js';
import { assertClose, tensorsAlive } from '../../assertions.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { tinyQwen2, tinyTexts, type Storage } from '../../fixtures/tinyQwen2.js';

describe('loadModel', () => {
  const inFolder = useTemporaryFolder();
  before(() => startEngine());

  for (const storage of ['sharded', 'bfloat16', 'float16'] as Storage[]) {
    it(`gives the embeddings of PyTorch from ${storage === 'sharded' ? 'float32 shards' : storage}`, async () => {
      const model = await loadModel(tinyQwen2.path(storage), 'float32');
      const embeddings = encodeChunk(model, tinyTexts);
      assertClose(embeddings, tinyQwen2.embeddings[storage], 1e-6);
      embeddings.dispose();
      disposeModel(model);
    });
  }

  it('reads the text half of a vision-language checkpoint and leaves the rest where it is', async () => {
    const tower = [
      {
        name: 'visual.blocks.0.mlp.up_proj.weight',
        dtype: 'F32' as const,
        shape: [1],
        bytes: Uint8Array.of(0, 0, 0, 0),
      },
    ];
    for (const prefix of ['model.language_model.', 'language_model.model.']) {
      await copyBase((tensors) => [...tensors.map((t) => ({ ...t, name: prefix + t.name })), ...tower]);
      const model = await loadModel(inFolder(), 'float32');
      const embeddings = encodeChunk(model, tinyTexts);
      assertClose(embeddings, tinyQwen2.embeddings.bfloat16, 1e-6);
      embeddings.dispose();
      disposeModel(model);
    }
  });

  it('leaves nothing alive once the model is freed', async () => {
    const before = tensorsAlive();
    const { precisions } = await startEngine();
    for (const precision of precisions) {
      const model = await loadModel(tinyQwen2.path('bfloat16'), precision);
      encodeChunk(model, tinyTexts).dispose();
      assert.notDeepEqual(tensorsAlive(), before);
      disposeModel(model);
      assert.deepEqual(tensorsAlive(), before);
    }
  });

  it('puts the embedding table on a card that has room, with the same embeddings, and frees it', async function () {
    if ((await startEngine()).name !== 'tensorflow') this.skip();
    const loaded = async (card: Card) => {
      const undo = pretendCard(card);
      try {
        return await loadModel(tinyQwen2.path('bfloat16'), 'float32');
      } finally {
        undo();
      }
    };
    const before = tensorsAlive();
    const model = await loaded(exampleCard);
    const [vocabulary, hidden] = model.embedding.shape;
    assert.equal(model.embedding.onDevice?.bytes, 2 * vocabulary * hidden);
    const embeddings = encodeChunk(model, tinyTexts);
    assertClose(embeddings, tinyQwen2.embeddings.bfloat16, 1e-6);
    embeddings.dispose();
    disposeModel(model);
    assert.deepEqual(tensorsAlive(), before);
    const small = await loaded({ ...exampleCard, freeBytes: 2.1e9 }); // CUDA takes all that may be planned with
    assert.equal(small.embedding.onDevice, undefined);
    disposeModel(small);
  });

  it('tells of every layer', async () => {
    const told: number[][] = [];
    disposeModel(await loadModel(tinyQwen2.path('sharded'), 'float32', (...done) => told.push(done)));
    assert.deepEqual(told, [
      [1, 2],
      [2, 2],
    ]);
  });

  it('names a tensor that is missing', async () => {
    await copyBase((tensors) => tensors.filter(({ name }) => name !== 'layers.1.mlp.up_proj.weight'));
    await assertRefused(`tensor layers.1.mlp.up_proj.weight is missing; download the checkpoint again`);
  });

  it('names a tensor of another shape than config.json says', async () => {
    await copyBase((tensors) => tensors, { intermediate_size: 20 });
    await assertRefused('tensor layers.0.mlp.gate_proj.weight must be [20,16] by config.json; got [24,16]');
  });

  it('names a kind of weight that it cannot use', async () => {
    await copyBase((tensors) => tensors.map((tensor) => ({ ...tensor, dtype: 'I16' as const })));
    await assert.rejects(loadModel(inFolder(), 'float32'), (error) => {
      assert.ok(error instanceof UserError);
      return /^weights of kind I16 cannot be used/.test(error.message);
    });
  });

  it('refuses weights of another architecture', async () => {
    await copyBase((tensors) => tensors.map((tensor) => ({ ...tensor, name: `transformer.${tensor.name}` })));
    await assertRefused('no tensor embed_tokens.weight, so this is not a Qwen2 checkpoint');
  });

  it('refuses another model_type and a sliding window by config.json alone', async () => {
    await copyBase((tensors) => tensors, { model_type: 'llama' });
    await assert.rejects(loadModel(inFolder(), 'float32'), /config\.json: model_type must be one of .*; got "llama"$/);
    await copyBase((tensors) => tensors, { use_sliding_window: true });
    await assert.rejects(loadModel(inFolder(), 'float32'), /config\.json: use_sliding_window must be false/);
  });

  /** A copy of the bfloat16 checkpoint, changed. */
  async function copyBase(change: (tensors: TensorToWrite[]) => TensorToWrite[], settings: object = {}): Promise<void> {
    await cp(tinyQwen2.path('bfloat16'), inFolder(), { recursive: true });
    const { tensors, config } = await openBaseFolder(inFolder());
    const all = [...tensors].map(async ([name, entry]) => ({
      name,
      dtype: entry.dtype,
      shape: entry.shape,
      bytes: await readTensorBytes(entry),
    }));
    await writeSafetensors(inFolder('model.safetensors'), change(await Promise.all(all)));
    await writeFile(inFolder('config.json'), JSON.stringify({ ...config, ...settings }));
  }

  async function assertRefused(message: string): Promise<void> {
    await assert.rejects(loadModel(inFolder(), 'float32'), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.message, `${inFolder()}: ${message}`.replace('/:', ':'));
      return true;
    });
  }
});

describe('projectionShape', () => {
  it('gives the shapes that the seven projections have in a checkpoint', async () => {
    const { weight_map: names } = JSON.parse(
      await readFile(join(tinyQwen2.path('sharded'), 'model.safetensors.index.json'), 'utf8'),
    ) as { weight_map: Record<string, string> };
    const { tensors } = await openBaseFolder(tinyQwen2.path('sharded'));
    const model = await loadModel(tinyQwen2.path('sharded'), 'float32');
    for (const target of ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const) {
      const name = Object.keys(names).find(
        (name) => name.includes(`layers.0.`) && name.includes(`.${target}_proj.weight`),
      )!;
      assert.deepEqual(projectionShape(model.config, target), tensors.get(name)!.shape);
    }
    disposeModel(model);
  });
});
