import assert from 'node:assert/strict';
import { multipliesFast } from '../../../model/engine/native/multipliesFast.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { engineFacts } from '../../../model/memory/engineFacts.js';
import { memoryBudget, memoryName, processBytes, tableFits } from '../../../model/memory/memoryBudget.js';
import { exampleCard, pretendCard } from '../../gpu/worker/pretendCard.js';

/** Its matrices hold 10 (2 · 8 + 2 · 4) + 3 · 10 · 20 = 840 numbers a layer. */
const config = {
  ...{ vocabularySize: 100, hidden: 10, intermediate: 20, layers: 2, heads: 2, kvHeads: 1, headDim: 4 },
  ...{ ropeTheta: 1e4, normEpsilon: 1e-6 },
};

describe('memory that is planned with', () => {
  let undo = () => {};
  before(async function () {
    if ((await startEngine()).name !== 'tensorflow') this.skip();
  });
  afterEach(() => undo());

  // Without nvidia-smi a card was planned with the memory of its host; what this process held of that counted as the card's.
  it('is four fifths of what is free of the card that computes, of which CUDA takes some', () => {
    undo = pretendCard();
    assert.equal(memoryBudget(), 0.8 * exampleCard.freeBytes);
    assert.equal(processBytes(), 1.7e9);
    assert.equal(memoryName(), 'memory of the card');
  });

  it('is never that of the host where a card computes', () => {
    undo = pretendCard({ ...exampleCard, freeBytes: 1e6 });
    assert.equal(memoryBudget(), 0.8e6);
    undo();
    undo = pretendCard('untold');
    assert.throws(memoryBudget, /the NVIDIA driver does not tell .*set training.memoryMegabytes/);
  });

  it('has room for the embedding table where it takes a quarter of what weights leave at most', () => {
    undo = pretendCard({ ...exampleCard, freeBytes: 25e9 }); // 20 to plan with, of which CUDA takes 1.7
    assert.equal(tableFits(1.09e9, 13e9), true);
    assert.deepEqual([tableFits(1.325e9, 13e9), tableFits(1.325e9 + 1, 13e9)], [true, false]);
    undo();
    assert.equal(tableFits(1, 0), false, 'of the host, whose file is as near');
  });

  it('is that of the host where the processor computes', () => {
    assert.ok(memoryBudget() > process.memoryUsage().rss);
    assert.equal(processBytes(1e15), 3e8);
    assert.equal(memoryName(), 'memory');
  });
});

describe('what the engine makes of a base', () => {
  before(async function () {
    if ((await startEngine()).name !== 'tensorflow') this.skip();
  });

  // On an H100 starting the operations of a chunk takes as long as some thousand tokens; 16 were reckoned, as on a processor.
  it('reckons on a card with the tokens that starting operations one by one costs', () => {
    const onProcessor = engineFacts(config, { precision: 'bfloat16' }, true);
    assert.deepEqual([onProcessor.startTokens, onProcessor.leavesNothing], [16, false]);
    const undo = pretendCard();
    const [packed, padded] = [true, false].map((packs) => engineFacts(config, { precision: 'bfloat16' }, packs));
    undo();
    assert.ok(padded!.leavesNothing && !padded!.savesActivations && packed!.savesActivations);
    const tokenSeconds = (6 * 840) / 6.4e14;
    assert.ok(Math.abs(padded!.startTokens / ((568 * 25e-6) / tokenSeconds) - 1) < 1e-9, `${padded!.startTokens}`);
    assert.ok(packed!.startTokens < padded!.startTokens / 3);
  });

  // A host without instructions for bfloat16 had a card cast its weights to float32.
  it('casts nothing on a card, whatever processor its host has', () => {
    const undo = pretendCard();
    const { weightBytes, casts } = engineFacts(config, { precision: 'bfloat16' }, true);
    const isFast = (['bfloat16', 'float16'] as const).map(multipliesFast);
    undo();
    assert.deepEqual(isFast, [true, true]);
    assert.equal(multipliesFast('float16'), false);
    assert.deepEqual([weightBytes, casts], [2, false]);
  });
});
