import assert from 'node:assert/strict';
import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import type { ChunkDropout } from '../../../model/layer/dropout.js';
import { chooseCompiledLayers } from '../../../model/engine/compiledLayersChoice.js';
import { capabilities } from '../../../model/engine/capabilities.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import { attachAdapter, removeAdapter, type Parameters } from '../../../model/layer/lora.js';
import { backwardPacked, disposePacked, runPacked } from '../../../model/pass/packedPass.js';
import { backwardPadded, disposePadded, runPadded } from '../../../model/pass/paddedPass.js';
import { lengthOf, longestOf, type Sequence } from '../../../model/pass/sequence.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import type { Gradients } from '../../../model/layer/stackedLora.js';
import { assertClose, assertCloseToLargest, randomTensor, tensorsAlive } from '../../assertions.js';
import { tinyQwen2, tinyTexts } from '../../fixtures/tinyQwen2.js';

const hidden = 16;

function cosine(a: tf.Tensor, b: tf.Tensor): number {
  const [x, y] = [a.dataSync(), b.dataSync()];
  const product = (p: ArrayLike<number>, q: ArrayLike<number>) =>
    Array.from(p).reduce((sum, value, place) => sum + value * q[place]!, 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

for (const kind of ['fused operations', 'functions compiled by XLA'] as const)
  describe(`packedPass in ${kind}`, () => {
    const compiled = kind === 'functions compiled by XLA';
    let model: Model;
    let parameters: Parameters;
    before(async function () {
      await startEngine();
      if (compiled ? !capabilities().rawHandles : !capabilities().fusedOps) {
        console.log('skipped: they are for TensorFlow, the fused operations for the processor');
        return this.skip();
      }
      chooseCompiledLayers(compiled ? '1' : '0', false, undefined);
      model = await loadModel(tinyQwen2.path('sharded'), 'float32');
    });
    beforeEach(async () => {
      removeAdapter(model);
      parameters = attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
    });
    after(() => {
      if (model) disposeModel(model);
      chooseCompiledLayers(process.env['TERCET_XLA'], capabilities().card, undefined);
    });

    const upstream = () => randomTensor<tf.Tensor2D>([tinyTexts.length, hidden], 'upstream');

    const masks: ChunkDropout = { rate: 0.25, seed: [7, 8], texts: [...tinyTexts.keys()] };

    function packed(savedLayers: number, dropout?: ChunkDropout) {
      const into: Gradients = new Map();
      const pass = atOnce(runPacked(model, tinyTexts, { keep: { savedLayers }, dropout }));
      const top = pass.top.clone();
      const dTop = upstream();
      atOnce(backwardPacked(model, pass, dTop, into));
      disposePacked(pass);
      dTop.dispose();
      return { top, into };
    }

    function padded(dropout?: ChunkDropout) {
      const into: Gradients = new Map();
      const pass = atOnce(runPadded(model, tinyTexts, { keep: { savedLayers: 0 }, dropout }));
      const top = pass.states.at(-1)!.clone();
      const dTop = upstream();
      atOnce(backwardPadded(model, pass, dTop, parameters, into));
      disposePadded(pass);
      dTop.dispose();
      return { top, into };
    }

    const free = (...results: { top: tf.Tensor; into: Gradients }[]) =>
      tf.dispose(results.flatMap(({ top, into }) => [top, ...into.values()]));

    it('gives the states and gradients of the padded pass under the tape', () => {
      const [own, other] = [packed(0), padded()];
      assertClose(own.top, other.top, 1e-5);
      assert.deepEqual([...own.into.keys()].sort(), [...other.into.keys()].sort());
      for (const [name, gradient] of other.into) assertCloseToLargest(own.into.get(name)!, gradient, 1e-5, name);
      free(own, other);
    });

    // Its masks once were drawn by another rule than those of the padded pass: one run, resumed elsewhere, was another.
    it('drops what the padded pass drops', () => {
      const [own, other, without] = [packed(0, masks), padded(masks), packed(0)];
      assertClose(own.top, other.top, 1e-5);
      for (const [name, gradient] of other.into) assertCloseToLargest(own.into.get(name)!, gradient, 1e-5, name);
      assert.throws(() => assertClose(own.top, without.top, 1e-3));
      free(own, other, without);
    });

    it('does so with an adapter on some projections of a group, and on none of others', async () => {
      removeAdapter(model);
      const adapter = await readAdapter(tinyQwen2.path('adapter'));
      for (const name of adapter.matrices.keys())
        if (!/q_proj|v_proj|up_proj/.test(name)) adapter.matrices.delete(name);
      parameters = attachAdapter(model, adapter);
      const [own, other] = [packed(0), padded()];
      assert.equal(own.into.size, 2 * 3 * model.config.layers);
      for (const [name, gradient] of other.into) assertCloseToLargest(own.into.get(name)!, gradient, 1e-5, name);
      free(own, other);
    });

    it('gives the same bits whether the activations of a layer are saved or computed again, dropout included', () => {
      const [again, once] = [packed(0, masks), packed(model.config.layers, masks)];
      for (const [name, gradient] of again.into)
        assert.deepEqual(once.into.get(name)!.dataSync(), gradient.dataSync(), name);
      const without = packed(0);
      const name = 'layers.0.mlp.down_proj.lora_A';
      assert.notDeepEqual(without.into.get(name)!.dataSync(), again.into.get(name)!.dataSync());
      free(again, once, without);
    });

    // Rows of images have positions of their own, three to a row; a text beside them has one after the other.
    it('turns texts by positions of their own', () => {
      const own = tinyTexts.map((ids, text): Sequence => {
        const along = ids.map((_, place) => (place * 3) % 7);
        return text % 2 === 0 ? ids : { ids, inserted: [], positions: [along, along.map((at) => at + 1), along] };
      });
      const half = model.config.headDim / 2;
      const turning = { ...model, sections: [1, half - 1, 0] as const };
      const packed = atOnce(runPacked(turning, own, { everyPlace: true }));
      const padded = atOnce(runPadded(turning, own, { everyPlace: true }));
      const time = longestOf(own);
      const places = own.flatMap((each, row) => Array.from({ length: lengthOf(each) }, (_, at) => row * time + at));
      const wanted = tf.tidy(() => tf.gather(padded.states.at(-1)!, tf.tensor1d(places, 'int32')));
      assertClose(packed.top, wanted, 1e-5);
      const plain = atOnce(runPacked(model, tinyTexts, { everyPlace: true }));
      assert.throws(() => assertClose(packed.top, plain.top, 1e-3));
      disposePacked(packed);
      disposePacked(plain);
      disposePadded(padded);
      wanted.dispose();
    });

    it('in bfloat16 comes within cosine .999 of float32, its gradient within .99', async () => {
      const wide = packed(0, masks);
      const whole = model;
      model = await loadModel(tinyQwen2.path('sharded'), 'bfloat16');
      attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
      const half = packed(0, masks);
      assert.ok(cosine(half.top, wide.top) > 0.999, 'top');
      for (const [name, gradient] of wide.into) {
        const likeness = cosine(half.into.get(name)!, gradient);
        assert.ok(likeness > 0.99 && likeness < 1 - 1e-9, `${name}: ${likeness}`);
      }
      free(wide, half);
      disposeModel(model);
      model = whole;
    });

    it('leaves nothing alive but its results', () => {
      free(packed(0)); // parameters reach the device when they are used first
      const before = tensorsAlive();
      free(packed(0), packed(1), packed(model.config.layers, masks));
      disposePacked(atOnce(runPacked(model, tinyTexts, { keep: { savedLayers: 1 } })));
      assert.deepEqual(tensorsAlive(), before);
    });
  });
