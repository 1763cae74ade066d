import assert from 'node:assert/strict';
import { activationsBytes, inputBytes, layerActivationBytes } from '../../../model/memory/activationsBytes.js';
import {
  describePlan,
  lossBlockElements,
  peakBytes,
  planMemory,
  smallestPeak,
} from '../../../model/memory/memoryPlan.js';

/** Small enough to work by hand: 2 layers of hidden 10, 2 heads of 4 over 1 key head, intermediate 20. */
const config = {
  vocabularySize: 100,
  hidden: 10,
  intermediate: 20,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 4,
  ropeTheta: 1e4,
  normEpsilon: 1e-6,
};
const facts = {
  config,
  activationBytes: 4 as const,
  weightBytes: 2 as const,
  casts: true,
  savesActivations: true,
  tableBytes: 0,
  startTokens: 16,
  compiled: undefined,
  leavesNothing: false,
  adapterElements: 1000,
  poolTokens: 5000,
  poolQueries: 10,
  poolPassages: 40,
  longestText: 100,
  processBytes: 1e6,
};

describe('memoryPlan', () => {
  it('counts four bytes for each number of a layer input and of saved activations', () => {
    assert.equal(inputBytes(config, 3), 4 * 3 * 10 * 2);
    // queries 8, keys 4, values 4, what attention mixed 8, the state behind it 10, gate and up 40
    assert.equal(layerActivationBytes(facts, 3), 4 * 3 * (8 + 4 + 4 + 8 + 10 + 40));
  });

  // Of a base of one layer 1.75 times what it takes was foreseen.
  it('counts one row for each text behind the attention of the last layer', () => {
    // queries, keys and values 16 a token; what attention mixed 8, the state behind it 10, gate and up 40 a text
    assert.equal(activationsBytes(facts, 1, 3, 2), 4 * (3 * 16 + 2 * 58));
    assert.equal(activationsBytes(facts, 2, 3, 2), 4 * (3 * 16 + 2 * 58) + layerActivationBytes(facts, 3));
    assert.equal(activationsBytes(facts, 0, 3, 2), 0);
    const working = (layers: number, other = {}) =>
      planMemory({ ...facts, config: { ...config, layers, ...other }, casts: false }, 1e12, { chunkTokens: 3000 })!
        .bytes.working;
    assert.equal(working(1), 4 * 3000 * (2 * 16 + 10)); // two of queries, keys and values, and the state
    // Keys and values of as many heads as queries, 36, and what attention mixed is wider than the state.
    assert.equal(working(1, { headDim: 6, kvHeads: 2 }), 4 * 3000 * (2 * 36 + 12));
    assert.equal(working(2), 4 * 3000 * (6 * 20 + 2 * 10 + 2 * (8 + 4)));
  });

  // WebAssembly computed every layer again, whatever room there was: 1.35 times the work.
  it('keeps the tapes of padded layers where there is room for what they hold', () => {
    const padded = { ...facts, savesActivations: false, keepsTapes: true, casts: false };
    // hidden 10, intermediate 20, heads 2 of 4 over 1 key head, 100 tokens at most
    const tape = 4 * (28 * 10 + 9.5 * 20 + 9 * 3 * 4 + 2 * 100);
    assert.equal(activationsBytes(padded, 2, 3, 2), 2 * 3 * tape);
    assert.equal(planMemory(padded, 1e9)!.keptBytes, inputBytes(config, 5000) + 2 * 5000 * tape);
    assert.equal(planMemory({ ...padded, keepsTapes: false }, 1e9)!.keptBytes, inputBytes(config, 5000));
  });

  it('keeps the whole pool where there is room, so that nothing is computed twice', () => {
    const plan = planMemory(facts, 1e9)!;
    assert.equal(plan.keptBytes, inputBytes(config, 5000) + activationsBytes(facts, 2, 5000, 50));
    assert.equal(plan.bytes.activations, 0);
    assert.ok(plan.forwardPasses < 2.1);
    // 2 layers of 10 (2·2 + 2·1) 4 + 3·10·20 = 840 weights of two bytes
    assert.equal(plan.bytes.weights, 2 * 2 * 840);
    assert.equal(plan.bytes.adapters, 4 * 1000 * 5);
  });

  it('keeps nothing for a second pass that is over other chunks, whatever room there is', () => {
    const plan = planMemory(facts, 1e9, { keepsNothing: true })!;
    assert.deepEqual([plan.keptBytes, plan.bytes.kept, plan.savedLayers], [0, 0, 2]);
    assert.ok(plan.forwardPasses > 3); // two forward passes, and a backward one
  });

  // Kept was everything or nothing: a pool some tokens longer than the first rows promised went a third slower.
  it('spends what is left beside the inputs on activations', () => {
    const [inputs, activations] = [inputBytes(config, 5000), activationsBytes(facts, 2, 5000, 50)];
    const fixed = { chunkTokens: 1000 };
    const whole = planMemory(facts, 1e9, fixed)!;
    const plan = planMemory(facts, peakBytes(whole.bytes) - activations / 2, fixed)!;
    assert.ok(
      plan.keptBytes > inputs + activations / 4 && plan.keptBytes < inputs + 0.75 * activations,
      `${plan.keptBytes}`,
    );
    // Twice, and the 0.7 of what is not saved; casting weights costs as much as 90 tokens a chunk.
    const again = 0.7 * (1 - (plan.keptBytes - inputs) / activations);
    assert.ok(Math.abs(plan.forwardPasses - (2 + again) * (1 + 90 / 1000)) < 1e-9, `${plan.forwardPasses}`);
  });

  it('names the least of the chunk size that was asked for', () => {
    assert.ok(smallestPeak(facts, { chunkTokens: 4096 }) > smallestPeak(facts));
    assert.equal(planMemory(facts, smallestPeak(facts, { chunkTokens: 4096 }) - 1, { chunkTokens: 4096 }), undefined);
    assert.ok(planMemory(facts, smallestPeak(facts, { chunkTokens: 4096 }), { chunkTokens: 4096 }));
  });

  it('keeps less, and computes more, the less memory there is, and never plans above the limit', () => {
    const least = smallestPeak(facts);
    const plans = [least * 1.0001, least + 1e5, least + 5e5, least + 2e6, 1e9].map((budget) => {
      const plan = planMemory(facts, budget)!;
      assert.ok(peakBytes(plan.bytes) <= budget, `${peakBytes(plan.bytes)} of ${budget}`);
      return plan.forwardPasses;
    });
    plans.slice(1).forEach((passes, index) => assert.ok(passes <= plans[index]! + 1e-9, plans.join(' ')));
    assert.ok(plans[0]! > 3.5 && plans.at(-1)! < 2.1, plans.join(' '));
  });

  // A pool of 4,096 queries x 8,192 passages was planned with 1.5 GB and took 3.4: the tables of its loss were in no plan.
  it('counts the tables of the loss, which do not grow with queries times passages', () => {
    const least = (poolQueries: number, poolPassages: number) =>
      smallestPeak({ ...facts, poolQueries, poolPassages }) - 4 * (poolQueries + poolPassages) * 10 * 2;
    const tables = 13 * 4 * lossBlockElements; // of a block
    assert.ok(least(1000, 4000) > 0.9 * 13 * 4 * 1000 * 4000);
    const sums = (queries: number, passages: number) => 4 * (2 * passages + queries) * 10; // while blocks are added
    assert.equal(least(4096, 8192) - sums(4096, 8192), least(16384, 32768) - sums(16384, 32768));
    assert.ok(least(16384, 32768) < tables + sums(16384, 32768) + 5e6);
  });

  it('has no plan below the least that a step needs', () => {
    assert.equal(planMemory(facts, smallestPeak(facts) - 1), undefined);
  });

  it('keeps to a chunk size that was asked for, and makes no chunk smaller than the longest text', () => {
    assert.equal(planMemory(facts, 1e9, { chunkTokens: 777 })!.chunkTokens, 777);
    assert.ok(planMemory({ ...facts, longestText: 3000 }, 1e9)!.chunkTokens >= 3000);
  });

  // With dispatch priced as on a processor and the smallest of like ways, a base of 7B was given chunks of 1,024 tokens on 80 GB.
  it('takes large chunks on a card, whose operations are slow to start and whose memory is of use to nobody else', () => {
    const sizes = {
      ...{ hidden: 3584, intermediate: 18944, layers: 28, heads: 28, kvHeads: 4, headDim: 128 },
      ...{ vocabularySize: 152064, ropeTheta: 1e6, normEpsilon: 1e-6 },
    };
    const card = {
      ...{ config: sizes, casts: false, leavesNothing: true, tableBytes: 2 * 152064 * 3584, processBytes: 1e9 },
      ...{ activationBytes: 4 as const, weightBytes: 2 as const, adapterElements: 80_740_352, compiled: undefined },
      ...{ poolTokens: 41280, poolQueries: 32, poolPassages: 512, longestText: 156 },
    };
    const chunkOf = (gigabytes: number, savesActivations: boolean) =>
      planMemory({ ...card, savesActivations, startTokens: savesActivations ? 1300 : 5000 }, 0.8e9 * gigabytes)!
        .chunkTokens;
    assert.deepEqual(
      [24, 40, 80, 141].map((gigabytes) => chunkOf(gigabytes, true)),
      [2048, 8192, 32768, 65536],
    );
    assert.deepEqual(
      [40, 80, 141].map((gigabytes) => chunkOf(gigabytes, false)),
      [4096, 8192, 16384],
    );
    assert.equal(
      planMemory({ ...card, savesActivations: true, startTokens: 16, leavesNothing: false }, 64e9)!.chunkTokens,
      8192,
    );
    assert.equal(planMemory({ ...card, savesActivations: true, startTokens: 1300 }, 64e9)!.bytes.table, 1_089_994_752);
    // At 16,384 tokens the products of compiled functions are as fast as they get.
    const compiled = { ...card, compiled: 'card' as const, savesActivations: true, startTokens: 1300 };
    assert.equal(planMemory(compiled, 64e9)!.chunkTokens, 16384);
  });

  // Half of what such a chunk holds was in no plan, and a pool was taken to be kept whole that was passed again.
  it('counts the rows that compiled layers fill a chunk up with', () => {
    const compiled = { ...facts, compiled: 'card' as const, savesActivations: true };
    const planOf = (chunkTokens: number) => planMemory(compiled, 1e12, { chunkTokens, keepsNothing: true })!;
    // 2,049 tokens are 4,096 rows: of them the inputs of two layers and the output, ten numbers each, 4 bytes a number.
    assert.equal(planOf(2049).savedLayers, planOf(4096).savedLayers);
    const saved = planOf(2049).savedLayers;
    assert.equal(
      planOf(2049).bytes.activations,
      inputBytes(config, 4096) + activationsBytes(compiled, saved, 4096, Math.ceil((50 * 2049) / 5000)),
    );
    // The pool of 5,000 tokens is 3 chunks of 4,096 rows: kept whole only where there is room for 12,288.
    const room = inputBytes(config, 3 * 4096);
    assert.ok(planMemory(compiled, 1e12, { chunkTokens: 2049 })!.keptBytes >= room);
  });

  // What functions compiled by XLA save was planned as float32: an H200 computed again what it had room for.
  it('counts two bytes for each number of activations that are saved in bfloat16, four for the state among them', () => {
    const halves = { ...facts, activationBytes: 2 as const };
    assert.equal(layerActivationBytes(halves, 3), 3 * (2 * (8 + 4 + 4 + 8 + 40) + 4 * 10));
    assert.equal(activationsBytes(halves, 1, 3, 2), 2 * 3 * 16 + 2 * (2 * 48 + 4 * 10));
  });

  it('saves the activations of no layer on an engine that cannot', () => {
    const plan = planMemory({ ...facts, savesActivations: false }, 1e9)!;
    assert.equal(plan.savedLayers, 0);
    assert.ok(plan.keptBytes <= inputBytes(config, 5000));
  });

  // A layer under the tape was planned with a quarter of what it took, with texts of a thousand tokens an eighth.
  it('counts all that the tape of a padded layer holds, scores of attention by the longest text', () => {
    const working = (longestText: number) =>
      planMemory({ ...facts, savesActivations: false, casts: false, longestText }, 1e12, { chunkTokens: 3000 })!.bytes
        .working;
    // hidden 10, intermediate 20, heads 2 of 4 over 1 key head
    assert.equal(working(100), 4 * (3000 * (62 * 10 + 24 * 20 + 27 * 8 + 4 * 2 * 100) + 2 * 100 * 100));
    assert.equal(working(2000), 4 * (3000 * (62 * 10 + 24 * 20 + 27 * 8 + 4 * 2 * 2000) + 2 * 2000 * 2000));
  });

  it('is told in one line, parts of at least 5 MB from the largest on', () => {
    const bytes = {
      process: 6e8,
      weights: 1.5e9,
      table: 0,
      adapters: 1e6,
      kept: 0,
      activations: 2e7,
      working: 0,
      embeddings: 0,
      loss: 0,
    };
    const plan = { bytes, chunkTokens: 2048, savedLayers: 1, keptBytes: 0, forwardPasses: 3 };
    assert.equal(
      describePlan(plan, config),
      '2.12 GB at most: weights 1.50 GB, process 0.60 GB, activations 0.02 GB; chunks of 2048 tokens, 1 of 2 layers not recomputed',
    );
  });
});
