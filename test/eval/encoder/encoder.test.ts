import assert from 'node:assert/strict';
import type { Contract, TextKind } from '../../../configs/contract.js';
import type { TokenizerThreads } from '../../../data/tokenizer/threads.js';
import { modelEncoder } from '../../../eval/encoder/encoder.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import { assertClose, tensorsAlive } from '../../assertions.js';
import { tinyQwen2, tinyTexts } from '../../fixtures/tinyQwen2.js';

/** Texts are numbers: the places of their ids among the fixture's texts. */
const asked: TextKind[] = [];
const threads: TokenizerThreads = {
  async tokenize(kind, texts) {
    asked.push(kind);
    return texts.map(({ text }) => tinyTexts[Number(text)]!);
  },
  close: async () => {},
};
const texts = tinyTexts.map((_, position) => ({ text: String(position) }));

describe('modelEncoder', () => {
  let model: Model;
  before(async () => {
    await startEngine();
    model = await loadModel(tinyQwen2.path('sharded'), 'float32');
  });
  after(() => disposeModel(model));

  for (const batchTokens of [1, 15, 1000]) {
    it(`gives each text its embedding, in the order of the texts, ${batchTokens} tokens at a time`, async () => {
      const { encode, dimensions } = modelEncoder('tiny', model, threads, {} as Contract, batchTokens);
      assert.equal(dimensions, 16);
      const told: number[] = [];
      const embeddings = await encode('passage', texts, (done) => told.push(done));
      assertClose(embeddings, tinyQwen2.embeddings.sharded, 1e-6);
      assert.equal(asked.at(-1), 'passage');
      assert.equal(told.at(-1), texts.length);
      assert.deepEqual(
        told,
        [...told].sort((one, two) => one - two),
      );
    });
  }

  it('gives nothing for no texts', async () => {
    const { encode } = modelEncoder('tiny', model, threads, {} as Contract, 100);
    assert.equal((await encode('query', [])).length, 0);
  });

  // Not-a-numbers were once written as if they were embeddings.
  it('refuses an embedding that is not finite, and names the text', async () => {
    const { finalNorm } = model;
    model.finalNorm = tf.fill([16], NaN);
    const { encode } = modelEncoder('tiny', model, threads, {} as Contract, 1000);
    const longest = tinyTexts.findIndex(({ length }) => length === Math.max(...tinyTexts.map((text) => text.length)));
    const message = `tiny gives passage ${longest + 1} of ${texts.length} an embedding that is not finite: its weights are damaged, or float32 is too coarse for them; check the weights, or use float32`;
    try {
      const before = tensorsAlive();
      await assert.rejects(encode('passage', texts), { name: 'UserError', message });
      assert.deepEqual(tensorsAlive().known, before.known);
    } finally {
      model.finalNorm.dispose();
      model.finalNorm = finalNorm;
    }
  });

  it('makes what is not there alone, and leaves what it made where it is given up', async () => {
    const begun = { values: new Float32Array(16 * texts.length), isDone: new Uint8Array(texts.length) };
    let turns = 0;
    const given = () => (++turns === 2 ? new Error('given up') : undefined);
    const first = modelEncoder('tiny', model, threads, {} as Contract, 1, { given });
    await assert.rejects(first.encode('passage', texts, undefined, begun), /^Error: given up$/);
    assert.deepEqual([...begun.isDone].sort(), [...texts.slice(2).map(() => 0), 1, 1]);
    const told: number[] = [];
    const { encode } = modelEncoder('tiny', model, threads, {} as Contract, 1);
    const made = await encode('passage', texts, (done) => told.push(done), begun);
    assert.equal(made, begun.values);
    assertClose(made, tinyQwen2.embeddings.sharded, 1e-6);
    assert.deepEqual(
      told,
      texts.slice(2).map((_, index) => index + 3),
    );
  });

  it('leaves nothing alive', async () => {
    const { encode } = modelEncoder('tiny', model, threads, {} as Contract, 20);
    await encode('query', texts);
    const before = tensorsAlive();
    await encode('query', texts);
    assert.deepEqual(tensorsAlive(), before);
  });
});
