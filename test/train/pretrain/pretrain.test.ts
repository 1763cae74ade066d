import assert from 'node:assert/strict';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { hiddenStates } from '../../../model/pass/encodeChunk.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel } from '../../../model/layer/decoder.js';
import { freshDecoder } from '../../../train/pretrain/demoDecoder.js';
import { pretrain, writeDecoder, type PretrainSettings } from '../../../train/pretrain/pretrain.js';
import { assertClose, tensorsAlive } from '../../assertions.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const settings: PretrainSettings = {
  model: {
    vocabularySize: 12,
    hidden: 16,
    intermediate: 32,
    layers: 2,
    heads: 2,
    kvHeads: 1,
    headDim: 8,
    ropeTheta: 1e4,
    normEpsilon: 1e-6,
  },
  seed: 1,
  batch: 8,
  time: 12,
  updates: 80,
  warmupSteps: 5,
  learningRate: 0.02,
  weightDecay: 0.1,
};

// What follows 3 depends on what stood before it, so a decoder that looks at one token alone cannot learn it.
const sequence = [1, 3, 2, 4, 3, 5, 9, 7];
const tokens = Int32Array.from({ length: 400 }, (_, index) => sequence[index % sequence.length]!);

describe('pretrain', () => {
  const inFolder = useTemporaryFolder();

  before(async function () {
    const { name } = await startEngine();
    if (name === 'tensorflow') return;
    console.log(`skipped: pretraining needs the tensorflow engine; this is ${name}`);
    this.skip();
  });

  it('learns a repeating sequence, and what it writes is a checkpoint that predicts the sequence', async () => {
    const before = tensorsAlive().known;
    const losses: number[] = [];
    const decoder = await pretrain(tokens, settings, (update, loss) => (losses[update - 1] = loss));
    assert.equal(losses.length, settings.updates);
    assert.ok(Math.abs(losses[0]! - Math.log(12)) < 0.1, `begins at ${losses[0]}, ln 12 is ${Math.log(12)}`);
    // Only the first token of a batch's row, where 3 may stand, cannot be told: at most ln 2 * 2/8 / 12 on average.
    assert.ok(losses.at(-1)! < 0.1, `ends at ${losses.at(-1)}`);
    assert.equal(tensorsAlive().known - before, decoder.parameters.size);

    await writeDecoder(inFolder('base'), decoder, 0);
    const model = await loadModel(inFolder('base'), 'float32');
    const text = tokens.subarray(0, 20);
    const states = hiddenStates(model, [text]);
    const logits = tf.matMul(states, decoder.embedding, false, true);
    const next = [...logits.argMax(1).dataSync()];
    assert.deepEqual(next.slice(1), [...tokens.subarray(2, 21)]);
    assert.deepEqual(model.config, settings.model);
    tf.dispose([states, logits, ...decoder.parameters.values()]);
    disposeModel(model);
  });

  it('gives the same losses for the same seed', async () => {
    const run = async (seed: number) => {
      const losses: number[] = [];
      const decoder = await pretrain(tokens, { ...settings, seed, updates: 6 }, (_, loss) => losses.push(loss));
      tf.dispose([...decoder.parameters.values()]);
      return losses;
    };
    const first = await run(1);
    assertClose(await run(1), first, 1e-6);
    assert.notDeepEqual((await run(2)).slice(0, 1), first.slice(0, 1));
  });
});

describe('freshDecoder', () => {
  before(() => startEngine());

  it('draws matrices of deviation 0.02, those that end a branch smaller by sqrt(2 layers), norms one and biases zero', () => {
    const { parameters } = freshDecoder({ ...settings.model, hidden: 64, intermediate: 128 }, 1);
    const deviation = (name: string) => {
      const values = [...parameters.get(name)!.dataSync()];
      return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
    };
    assertClose([deviation('model.layers.1.mlp.up_proj.weight') / 0.02], [1], 0.05);
    assertClose([deviation('model.layers.1.mlp.down_proj.weight') / 0.01], [1], 0.05); // sqrt(2 * 2 layers) is 2
    assertClose([deviation('model.layers.0.self_attn.o_proj.weight') / 0.01], [1], 0.1);
    assert.equal(deviation('model.layers.0.self_attn.q_proj.bias'), 0);
    assert.ok(
      parameters
        .get('model.norm.weight')!
        .dataSync()
        .every((value) => value === 1),
    );
    tf.dispose([...parameters.values()]);
  });
});
