import assert from 'node:assert/strict';
import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import type { Dropout } from '../../../model/layer/dropout.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import { lengthOf, lengthOfAll } from '../../../model/pass/sequence.js';
import { seededRandom } from '../../../data/random.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import { attachAdapter, removeAdapter, type Parameters } from '../../../model/layer/lora.js';
import { inputBytes, layerActivationBytes } from '../../../model/memory/activationsBytes.js';
import { onceEach } from '../../../data/stream/candidateCounts.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { oneAttempt, poolGradient, type PoolOptions, type PoolPlan } from '../../../train/step/poolGradient.js';
import type { TextSample } from '../../../train/step/texts/sampleTexts.js';
import { assertClose, assertCloseToLargest, assertTensorsKept, randomTensor } from '../../assertions.js';
import { tinyMatrices, tinyPool, tinyQwen2 } from '../../fixtures/tinyQwen2.js';

const { temperature } = tinyQwen2;
/** Tokens of a chunk; the seven texts of the first pool have 3 to 9 each. */
const oneChunk = 1000;
const manyChunks = 12;

describe('poolGradient', () => {
  let model: Model;
  let parameters: Parameters;
  before(async () => {
    await startEngine();
    model = await loadModel(tinyQwen2.path('sharded'), 'float32');
  });
  beforeEach(async () => {
    removeAdapter(model);
    parameters = attachAdapter(model, await readAdapter(tinyQwen2.path('adapter')));
  });
  after(() => disposeModel(model));

  function gradientOf(options: Partial<PoolOptions & PoolPlan>, pool = tinyPool(0), into: Gradients = new Map()) {
    const all = { temperature, chunkTokens: oneChunk, keptBytes: 1e9, ...options };
    const scalar = atOnce(poolGradient(model, pool, parameters, all, oneAttempt(all), into));
    const [loss] = scalar.dataSync();
    scalar.dispose();
    return { loss: loss!, gradients: into };
  }

  const partOfKept = () => inputBytes(model.config, lengthOf(tinyPool(0).passages[1]!));
  const allInputs = () => inputBytes(model.config, lengthOfAll([...tinyPool(0).queries, ...tinyPool(0).passages]));
  const someActivations = () =>
    3 * layerActivationBytes({ config: model.config, activationBytes: 4, longestText: 9 }, manyChunks);
  const ways = {
    'in one chunk': () => ({ chunkTokens: oneChunk }),
    'in one chunk that is embedded twice': () => ({ chunkTokens: oneChunk, keptBytes: 0 }),
    'in many chunks, all kept': () => ({ chunkTokens: manyChunks }),
    'in many chunks, all inputs kept': () => ({ chunkTokens: manyChunks, keptBytes: allInputs() }),
    'in many chunks, all inputs and some activations kept': () => ({
      chunkTokens: manyChunks,
      keptBytes: allInputs() + someActivations(),
    }),
    'in many chunks, none kept': () => ({ chunkTokens: manyChunks, keptBytes: 0 }),
    'in many chunks, none kept, one layer saved': () => ({ chunkTokens: manyChunks, keptBytes: 0, savedLayers: 1 }),
    'in many chunks, none kept, every layer saved': () => ({ chunkTokens: manyChunks, keptBytes: 0, savedLayers: 2 }),
    'in many chunks, some kept': () => ({ chunkTokens: manyChunks, keptBytes: 2 * partOfKept() }),
    'a text at a time': () => ({ chunkTokens: 1, keptBytes: 0 }),
  };

  for (const [way, options] of Object.entries(ways)) {
    it(`gives PyTorch's loss and gradient ${way}`, async () => {
      const { loss, gradients } = gradientOf(options());
      assertClose([loss], [tinyQwen2.all.loss], 1e-5);
      const reference = await tinyMatrices('gradient-all.safetensors');
      assert.equal(gradients.size, reference.size);
      for (const [name, values] of reference) assertCloseToLargest(gradients.get(name)!, values, 2e-5, name);
      tf.dispose([...gradients.values()]);
    });
  }

  it("gives PyTorch's gradient with an adapter on some projections", async () => {
    removeAdapter(model);
    parameters = attachAdapter(model, await readAdapter(tinyQwen2.path('adapter/some')));
    for (const chunkTokens of [oneChunk, manyChunks]) {
      const { loss, gradients } = gradientOf({ chunkTokens, keptBytes: 0 });
      assertClose([loss], [tinyQwen2.some.loss], 1e-5);
      const reference = await tinyMatrices('gradient-some.safetensors');
      assert.deepEqual([...gradients.keys()].sort(), [...reference.keys()].sort());
      for (const [name, values] of reference) assertCloseToLargest(gradients.get(name)!, values, 2e-5, name);
    }
  });

  it('adds to what other pools of the update gave', () => {
    const into: Gradients = new Map();
    gradientOf({}, tinyPool(0), into);
    gradientOf({ chunkTokens: manyChunks }, tinyPool(1), into);
    const [first, second] = [gradientOf({}, tinyPool(0)), gradientOf({}, tinyPool(1))];
    for (const [name, sum] of into)
      assertCloseToLargest(sum, first.gradients.get(name)!.add(second.gradients.get(name)!), 2e-5, name);
  });

  const dropout: Dropout = { rate: 0.2, seed: [11, 22] };

  describe('with dropout', () => {
    // Masks once were drawn for a chunk and a place in it: with less free memory the same seed gave another model.
    it('gives the same loss and gradient in chunks of any size', () => {
      const whole = gradientOf({ dropout });
      const without = gradientOf({});
      assert.ok(Math.abs(whole.loss - without.loss) > 1e-2, `loss ${whole.loss} with dropout, ${without.loss} without`);
      for (const [way, options] of Object.entries(ways)) {
        const { loss, gradients } = gradientOf({ ...options(), dropout });
        assertClose([loss], [whole.loss], 1e-5, `${way}, loss`);
        for (const [name, gradient] of whole.gradients)
          assertCloseToLargest(gradients.get(name)!, gradient, 2e-5, `${way}, ${name}`);
      }
    });

    // The number is WebAssembly's: the fused operations once had masks of another rule.
    it('gives the same loss on every engine', () => {
      assertClose([gradientOf({ dropout, chunkTokens: manyChunks }).loss], [6.79508], 1e-5);
    });

    it('gives the same numbers whether layer inputs were kept or computed again', () => {
      for (const chunkTokens of [oneChunk, manyChunks]) {
        const kept = gradientOf({ chunkTokens, dropout });
        const again = gradientOf({ chunkTokens, dropout, keptBytes: 0 });
        assert.equal(again.loss, kept.loss);
        for (const [name, gradient] of again.gradients) assertClose(gradient, kept.gradients.get(name)!, 0, name);
      }
    });

    it('gives the gradient of the differences of the masked loss', () => {
      const options = { chunkTokens: manyChunks, keptBytes: partOfKept(), dropout, temperature: 0.5 };
      const { gradients } = gradientOf(options);
      // Along random directions of all matrices at once.
      for (const direction of ['one', 'two', 'three']) {
        const steps = new Map(
          [...parameters].map(([name, { shape }]) => [name, randomTensor(shape, direction + name)]),
        );
        const start = new Map([...parameters].map(([name, parameter]) => [name, parameter.clone()]));
        const lossAt = (step: number) => {
          for (const [name, parameter] of parameters)
            parameter.assign(start.get(name)!.add(steps.get(name)!.mul(step)));
          return gradientOf(options).loss;
        };
        const difference = (lossAt(1e-3) - lossAt(-1e-3)) / 2e-3;
        lossAt(0);
        const slopes = [...gradients].map(([name, gradient]) => gradient.mul(steps.get(name)!).sum().dataSync()[0]!);
        const slope = slopes.reduce((sum, value) => sum + value, 0);
        assertClose([slope], [difference], 5e-3 * Math.max(1, Math.abs(difference)), `direction ${direction}, slope`);
      }
    });

    it('draws other masks for another seed and for another text of the pool', () => {
      const { loss } = gradientOf({ dropout });
      assert.notEqual(gradientOf({ dropout: { ...dropout, seed: [12, 22] } }).loss, loss);
      // The same text as query and as passages: one mask for all would give equal embeddings.
      const text = tinyPool(0).queries[0]!;
      const twins = { queries: [text], passages: [text, text], targets: [0], counts: onceEach(1, 2) };
      assertClose([gradientOf({}, twins).loss], [Math.log(2)], 1e-5);
      const masked = gradientOf({ dropout }, twins).loss;
      assert.ok(Math.abs(masked - Math.log(2)) > 1e-3, `loss ${masked}`);
    });
  });

  describe('with texts that are sampled for backpropagation', () => {
    /** Every text that is left to chance is backpropagated where its bit is set. */
    const byLot = (share: number, bits: number) => {
      const found: TextSample = { factors: new Float64Array(), passed: 0, variance: 0, square: 0 };
      let text = 0;
      const draw = () => ((bits >> text++) & 1 ? 0 : 1 - 2 ** -32);
      return {
        found,
        sampling: { share, draw, onSampled: (sample: TextSample) => void Object.assign(found, sample) },
      };
    };
    const everyText = 2 ** 7 - 1;

    it('gives the same bits as without lots at a share of 1', () => {
      for (const options of [ways['in many chunks, some kept'], ways['in many chunks, all kept']]) {
        const exact = gradientOf({ ...options(), dropout });
        const sampled = gradientOf({ ...options(), dropout, sampling: byLot(1, everyText).sampling });
        for (const [name, gradient] of exact.gradients) assertClose(sampled.gradients.get(name)!, gradient, 0, name);
      }
    });

    it('gives one gradient for one lot, whatever was kept and however chunks were cut', () => {
      // 0.3 leaves every text to chance, and of either side some are left out.
      const wanted = gradientOf({ chunkTokens: 1, keptBytes: 0, dropout, sampling: byLot(0.3, 0b1011010).sampling });
      for (const [way, options] of Object.entries(ways)) {
        const { gradients } = gradientOf({ ...options(), dropout, sampling: byLot(0.3, 0b1011010).sampling });
        for (const [name, gradient] of wanted.gradients)
          assertCloseToLargest(gradients.get(name)!, gradient, 2e-5, `${way}, ${name}`);
      }
    });

    // An update whose texts are all alike, or all left out, had no gradient that the optimizer could take.
    it('gives zeros where no text is backpropagated', () => {
      for (const options of [ways['in many chunks, all kept'], ways['in many chunks, none kept']]) {
        const { gradients } = gradientOf({ ...options(), sampling: byLot(0.3, 0).sampling });
        assert.deepEqual([...gradients.keys()].sort(), [...parameters.keys()].sort());
        assert.ok(numbersOf(gradients).every((value) => value === 0));
      }
    });

    // Every outcome of the lots once, by its probability: what random seeds would come near.
    it('gives the exact gradient as the mean over all lots, spread as far as its texts are told to add', () => {
      const share = 0.97;
      const { found, sampling } = byLot(share, everyText);
      const exact = numbersOf(gradientOf({ sampling: undefined }).gradients);
      gradientOf({ sampling });
      const chances = [...found.factors].map((factor) => 1 / factor);
      const uncertain = [...chances.keys()].filter((text) => chances[text]! < 1 - 1e-9);
      assert.ok(uncertain.length >= 2 && uncertain.length <= 5, `${uncertain.length} texts are left to chance`);
      assertClose([found.variance / found.square], [1 / share - 1], 1e-6, 'variance');
      const mean = exact.map(() => 0);
      let spread = 0;
      const alone = new Map<number, Float64Array>();
      for (let lot = 0; lot < 2 ** uncertain.length; lot++) {
        const passed = uncertain.filter((_, place) => (lot >> place) & 1);
        const bits =
          everyText -
          uncertain.reduce((sum, text) => sum + 2 ** text, 0) +
          passed.reduce((sum, text) => sum + 2 ** text, 0);
        const gradient = numbersOf(
          gradientOf({ chunkTokens: manyChunks, sampling: byLot(share, bits).sampling }).gradients,
        );
        const chance = uncertain.reduce(
          (all, text) => all * (passed.includes(text) ? chances[text]! : 1 - chances[text]!),
          1,
        );
        gradient.forEach((value, place) => (mean[place]! += chance * value));
        spread += chance * gradient.reduce((sum, value, place) => sum + (value - exact[place]!) ** 2, 0);
        if (passed.length === 0) alone.set(-1, gradient);
        if (passed.length === 1) alone.set(passed[0]!, gradient);
      }
      assertCloseToLargest(mean, exact, 2e-5, 'mean');
      // Text by text: 1 / p - 1 times the square of what the text gives.
      const predicted = uncertain.reduce((sum, text) => {
        const gives = alone.get(text)!.map((value, place) => (value - alone.get(-1)![place]!) * chances[text]!);
        return sum + (1 / chances[text]! - 1) * gives.reduce((square, value) => square + value ** 2, 0);
      }, 0);
      assert.ok(predicted > 0);
      assertClose([spread], [predicted], 1e-4 * predicted, 'spread');
    });

    const numbersOf = (gradients: Gradients) =>
      Float64Array.from([...gradients.keys()].sort().flatMap((name) => [...gradients.get(name)!.dataSync()]));
  });

  it('leaves the loss and the gradients alone alive', () => {
    const sampling = { share: 0.5, draw: seededRandom('lots'), onSampled: () => undefined };
    for (const asked of [{}, { sampling }, { sampling, keptBytes: 1e9 }]) {
      const options = { temperature, chunkTokens: manyChunks, keptBytes: partOfKept(), dropout, ...asked };
      assertTensorsKept(1 + parameters.size, () => {
        const into: Gradients = new Map();
        const loss = atOnce(poolGradient(model, tinyPool(0), parameters, options, oneAttempt(options), into));
        return [loss, ...into.values()];
      });
    }
  });
});
