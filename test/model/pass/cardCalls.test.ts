import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projections } from '../../../configs/schema.js';
import { capabilities } from '../../../model/engine/capabilities.js';
import { chooseCompiledLayers } from '../../../model/engine/compiledLayersChoice.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import { attachAdapter, freshAdapter, type Parameters } from '../../../model/layer/lora.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import type { Gradients } from '../../../model/layer/stackedLora.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { operationsOfLayer } from '../../../model/memory/engineFacts.js';
import { backwardChunk, disposePass, forwardChunk, type Pass } from '../../../model/pass/encodeChunk.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { adamW } from '../../../train/step/update/optimizer.js';
import { applyUpdate } from '../../../train/step/update/update.js';
import { writeRandomBase } from '../../bench/setting/writeRandomBase.js';
import { countCalls, operationsIn, type Calls } from '../../countCalls.js';
import { pretendCard } from '../../gpu/worker/pretendCard.js';

const hidden = 32;
const texts = [Int32Array.of(1, 2, 3), Int32Array.of(4, 5, 6, 7)];
const dropout = { rate: 0.1, seed: [1, 2] as const, texts: [0, 1] };

interface Step {
  forward: Calls;
  backward: Calls;
  update: Calls;
}

/** What one step asks of a card in stock operations, once all that stays there is there. */
async function stepOf(layers: number, folder: string): Promise<Step> {
  const base = join(folder, `base-${layers}`);
  const shape = { vocabularySize: 50, hidden, intermediate: 48, layers, heads: 4, kvHeads: 2, headDim: 8 };
  await writeRandomBase(base, { ...shape, ropeTheta: 1e4, normEpsilon: 1e-6, tied: true }, { seed: 1, eosId: 0 });
  const undo = pretendCard();
  const model = await loadModel(base, 'bfloat16');
  undo();
  const recipe = { rank: 4, alpha: 8, dropout: 0.1, targets: [...projections] };
  const parameters = attachAdapter(model, freshAdapter(model, recipe, 1));
  step(model, parameters);
  const counted = step(model, parameters);
  disposeModel(model);
  return counted;
}

function step(model: Model, parameters: Parameters): Step {
  const optimizer = adamW(parameters, { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01 });
  const gradients: Gradients = new Map();
  const upstream = tf.tidy(() => tf.ones<tf.Rank.R2>([texts.length, hidden]).add<tf.Tensor2D>(1));
  const loss = tf.tidy(() => tf.scalar(1).add<tf.Scalar>(1));
  let pass: Pass | undefined;
  const forward = countCalls(() => (pass = atOnce(forwardChunk(model, texts, dropout))));
  const backward = countCalls(() => atOnce(backwardChunk(model, pass!, upstream, parameters, gradients)));
  tf.tidy(() => [...parameters.values()].forEach((each) => each.add(1))); // sends them, were they never used
  const settings = { learningRate: 1e-4, maxGradNorm: 1, update: 1 };
  optimizer.update(gradients, 0); // sends its averages
  const update = countCalls(() => void applyUpdate(gradients, [loss], optimizer, settings));
  disposePass(pass!);
  optimizer.dispose();
  upstream.dispose();
  return { forward, backward, update };
}

/**
 * Each layer sent 44 numbers forward and 52 back, and an update ten for each matrix, which a card takes one after the other, each
 * when all before it is done: 96 waits a layer and 3,900 an update of a base of 7B.
 */
describe('what a card is asked for in stock operations', () => {
  let folder: string;
  let [two, three] = [{} as Step, {} as Step];
  before(async function () {
    if ((await startEngine()).name !== 'tensorflow') return this.skip();
    chooseCompiledLayers('0', false, undefined);
    folder = mkdtempSync(join(tmpdir(), 'tercet-card-calls-'));
    two = await stepOf(2, folder);
    three = await stepOf(3, folder);
  });
  after(() => folder && rmSync(folder, { recursive: true }));
  after(() => void chooseCompiledLayers(process.env['TERCET_XLA'], capabilities().card, undefined));

  const more = (of: keyof Step, what: (calls: Calls) => number) => what(three[of]) - what(two[of]);

  it('sends nothing and reads nothing in a layer, forward or back', () => {
    for (const way of ['forward', 'backward'] as const)
      assert.deepEqual([more(way, ({ uploads }) => uploads), more(way, ({ reads }) => reads)], [0, 0], way);
    assert.deepEqual([two.backward.uploads, two.forward.reads, two.backward.reads], [0, 0, 0]);
  });

  it('sends the ids, places, keys and tables of a chunk once', () => {
    // the ids, causal mask, four rotary tables, the last places, two keys each of all rows and of those
    assert.equal(two.forward.uploads, 11);
  });

  it('starts as many operations in a layer', () => {
    assert.deepEqual([more('forward', operationsIn), more('backward', operationsIn)], [208, 360]);
    assert.equal(operationsOfLayer.padded, 208 + 360, 'what the memory plan reckons with');
  });

  // A card once drew masks by a generator of its own: a run that went on elsewhere dropped other elements.
  it('draws no random numbers: what dropout drops is a hash', () => {
    const started = Object.keys({ ...two.forward.operations, ...two.backward.operations });
    assert.deepEqual(
      started.filter((name) => /random|bernoulli|multinomial/i.test(name)),
      [],
    );
    assert.ok(started.includes('BitwiseXor'));
  });

  it('updates all adapters by as many operations, however many layers there are, sends once and reads once', () => {
    for (const { update } of [two, three]) assert.deepEqual([update.uploads, update.reads], [1, 1]);
    assert.equal(more('update', operationsIn), 0);
    // Shapes of the matrices are five: for each 22, and four for the loss and the numbers.
    assert.equal(operationsIn(two.update), 114);
  });
});

describe('what a card is asked for in layers compiled by XLA', () => {
  let folder: string;
  let [two, three] = [{} as Step, {} as Step];
  before(async function () {
    if ((await startEngine()).name !== 'tensorflow') return this.skip();
    chooseCompiledLayers('1', false, undefined);
    folder = mkdtempSync(join(tmpdir(), 'tercet-card-calls-'));
    two = await stepOf(2, folder);
    three = await stepOf(3, folder);
  });
  after(() => folder && rmSync(folder, { recursive: true }));
  after(() => void chooseCompiledLayers(process.env['TERCET_XLA'], capabilities().card, undefined));

  const more = (way: 'forward' | 'backward', what: (calls: Calls) => number) => what(three[way]) - what(two[way]);

  it('sends nothing and reads nothing in a layer, and starts a tenth of the operations', () => {
    for (const way of ['forward', 'backward'] as const)
      assert.deepEqual([more(way, ({ uploads }) => uploads), more(way, ({ reads }) => reads)], [0, 0], way);
    // Two slices of texts. Forward five functions, two gathers of rows for attention, and its rows stacked and put back;
    // back all of these again but the last function, six for the slices, two that put back, and three functions.
    assert.deepEqual([more('forward', operationsIn), more('backward', operationsIn)], [9, 8 + 11]);
    assert.equal(operationsOfLayer.compiled, 9 + 19, 'what the memory plan reckons with');
  });
});
