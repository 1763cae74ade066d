import assert from 'node:assert/strict';
import { readAdapter, type Adapter } from '../../../checkpoints/adapter/adapter.js';
import { projections } from '../../../configs/schema.js';
import { UserError } from '../../../configs/userError.js';
import { encodeChunk } from '../../../model/pass/encodeChunk.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import {
  attachAdapter,
  detachedAdapter,
  freshAdapter,
  removeAdapter,
  setAdapterAside,
} from '../../../model/layer/lora.js';
import { assertClose, tensorsAlive } from '../../assertions.js';
import { tinyQwen2, tinyTexts } from '../../fixtures/tinyQwen2.js';

const settings = { rank: 2, alpha: 4, dropout: 0.1, targets: [...projections] };

describe('lora.ts', () => {
  let model: Model;
  before(async () => {
    await startEngine();
    model = await loadModel(tinyQwen2.path('sharded'), 'float32');
  });
  beforeEach(() => removeAdapter(model));
  after(() => disposeModel(model));

  const embed = (): Float32Array => {
    const embeddings = encodeChunk(model, tinyTexts);
    const values = embeddings.dataSync() as Float32Array;
    embeddings.dispose();
    return values;
  };

  describe('attachAdapter', () => {
    for (const [which, name] of [
      ['all', 'adapter'],
      ['some', 'adapter/some'],
    ] as const) {
      it(`gives the embeddings of PEFT with an adapter on ${which} projections`, async () => {
        const adapter = await readAdapter(tinyQwen2.path(name));
        const parameters = attachAdapter(model, adapter);
        assert.equal(parameters.size, 2 * adapter.matrices.size);
        assertClose(embed(), tinyQwen2[which].embeddings, 2e-6);
      });
    }

    it('lists the matrices in the order of layers and projections', async () => {
      const names = [...attachAdapter(model, await readAdapter(tinyQwen2.path('adapter/some'))).keys()];
      assert.deepEqual(
        names,
        [0, 1].flatMap((layer) =>
          ['self_attn.q_proj', 'self_attn.v_proj', 'mlp.down_proj'].flatMap((module) =>
            ['lora_A', 'lora_B'].map((half) => `layers.${layer}.${module}.${half}`),
          ),
        ),
      );
    });

    it('gives each projection a dropout number of its own', async () => {
      attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
      const numbers = model.layers.flatMap((layer) => projections.map((target) => layer[target].adapter!.number));
      assert.equal(new Set(numbers).size, 14);
    });

    // Its matrices once stayed on the device, out of reach.
    it('puts an adapter in the place of another, and frees that one', async () => {
      const adapter = await readAdapter(tinyQwen2.path('adapter'));
      const some = await readAdapter(tinyQwen2.path('adapter/some'));
      attachAdapter(model, some);
      embed();
      const before = tensorsAlive();
      attachAdapter(model, adapter);
      attachAdapter(model, some);
      assertClose(embed(), tinyQwen2.some.embeddings, 2e-6);
      assert.deepEqual(tensorsAlive(), before);
    });

    // Every base of one size has the same shapes.
    it('refuses an adapter of other weights with the same shapes, and takes one that does not say', async () => {
      const { weightsHash, ...silent } = freshAdapter(model, settings, 1);
      assert.equal(weightsHash, model.weightsHash);
      const message = `the adapter was made for another base (${silent.base}), not for ${model.folder}: the weights differ`;
      assertMisfit({ ...silent, weightsHash: 'ab12' }, message);
      attachAdapter(model, { ...silent, weightsHash });
      attachAdapter(model, silent);
    });

    it('refuses an adapter of another base, and attaches nothing of it', async () => {
      const adapter = await readAdapter(tinyQwen2.path('adapter'));
      const { matrices } = adapter;
      const name = 'layers.1.mlp.up_proj';
      const first = `the adapter was made for another base (${adapter.base}), not for ${model.folder}`;
      const wide = new Map(matrices).set(name, { ...matrices.get(name)!, inSize: 20 });
      assertMisfit({ ...adapter, matrices: wide }, `${first}: ${name} is [24, 20] where the base has [24,16]`);
      const deep = new Map(matrices).set('layers.2.mlp.up_proj', matrices.get(name)!);
      assertMisfit({ ...adapter, matrices: deep }, `${first}: layers.2.mlp.up_proj has no place in the base`);
    });

    function assertMisfit(adapter: Adapter, message: string) {
      const before = tensorsAlive();
      assert.throws(
        () => attachAdapter(model, adapter),
        (error) => error instanceof UserError && error.message === message,
      );
      assert.deepEqual(tensorsAlive(), before);
      assert.ok(model.layers.every((layer) => projections.every((target) => !layer[target].adapter)));
    }
  });

  describe('setAdapterAside', () => {
    // Scoring the base, or proving a written adapter, once freed the matrices that training would have gone on with.
    it('makes the model its base, and puts back the same matrices in the place of whatever came in between', async () => {
      const base = embed();
      const adapter = await readAdapter(tinyQwen2.path('adapter'));
      const parameters = attachAdapter(model, adapter);
      const adapted = embed();
      const before = tensorsAlive();
      const putBack = setAdapterAside(model);
      assert.deepEqual(embed(), base);
      attachAdapter(model, await readAdapter(tinyQwen2.path('adapter/some')));
      assert.notDeepEqual(embed(), base);
      putBack();
      assert.deepEqual(embed(), adapted);
      assert.deepEqual(tensorsAlive(), before);
      const a = parameters.get('layers.0.mlp.up_proj.lora_A')!;
      a.assign(a.add(1));
      assert.notDeepEqual(embed(), adapted);
    });
  });

  describe('removeAdapter', () => {
    it('makes the model its base again and frees the adapter', async () => {
      const base = embed();
      const before = tensorsAlive();
      attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
      assert.notDeepEqual(embed(), base);
      removeAdapter(model);
      assert.deepEqual(embed(), base);
      assert.deepEqual(tensorsAlive(), before);
    });
  });

  describe('detachedAdapter', () => {
    it('gives back what was attached, or what became of it', async () => {
      const adapter = await readAdapter(tinyQwen2.path('adapter'));
      const parameters = attachAdapter(model, adapter);
      assert.deepEqual(detachedAdapter(parameters, adapter), adapter);
      const a = parameters.get('layers.0.mlp.up_proj.lora_A')!;
      a.assign(a.add(1));
      const { a: changed } = detachedAdapter(parameters, adapter).matrices.get('layers.0.mlp.up_proj')!;
      assertClose(
        changed,
        adapter.matrices.get('layers.0.mlp.up_proj')!.a.map((value) => value + 1),
        1e-6,
      );
    });
  });

  describe('freshAdapter', () => {
    it('changes nothing yet: B is zero, A uniform within 1 / sqrt(in)', () => {
      const base = embed();
      const adapter = freshAdapter(model, settings, 1);
      assert.deepEqual([adapter.matrices.size, adapter.rank, adapter.alpha, adapter.base], [14, 2, 4, model.folder]);
      const shares: number[] = [];
      for (const { a, b, inSize, outSize } of adapter.matrices.values()) {
        assert.deepEqual([a.length, b.length], [2 * inSize, 2 * outSize]);
        assert.ok(b.every((value) => value === 0));
        shares.push(...a.map((value) => value * Math.sqrt(inSize)));
      }
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
      const meanSquare = shares.reduce((sum, share) => sum + share ** 2, 0) / shares.length;
      assertClose([mean, meanSquare], [0, 1 / 3], 0.08); // of 480 numbers, uniform from -1 to 1
      assertClose([Math.min(...shares), Math.max(...shares)], [-0.98, 0.98], 0.02);
      attachAdapter(model, adapter);
      assertClose(embed(), base, 0);
    });

    it('is drawn from the seed, for each matrix anew', () => {
      const up = (seed: number, layer: number) =>
        freshAdapter(model, settings, seed).matrices.get(`layers.${layer}.mlp.up_proj`)!.a;
      assert.deepEqual(up(1, 0), up(1, 0));
      assert.notDeepEqual(up(1, 0), up(2, 0));
      assert.notDeepEqual(up(1, 0), up(1, 1));
    });

    it('has the targets that are asked for alone', () => {
      const { matrices } = freshAdapter(model, { ...settings, targets: ['k', 'gate'] }, 1);
      assert.deepEqual(
        [...matrices.keys()],
        ['layers.0.self_attn.k_proj', 'layers.0.mlp.gate_proj', 'layers.1.self_attn.k_proj', 'layers.1.mlp.gate_proj'],
      );
    });
  });
});
