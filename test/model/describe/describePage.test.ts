import assert from 'node:assert/strict';
import { readBaseFile } from '../../../configs/load/baseFile.js';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { describePage } from '../../../model/describe/describePage.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { towerOperations } from '../../../model/memory/towerBytes.js';
import type { MemoryPlan } from '../../../model/memory/memoryPlan.js';

describe('describePage', () => {
  before(async () => void (await startEngine()));
  const settings = ['training.memoryMegabytes=200000', 'training.queriesPerPool=4', 'training.passagesPerQuery=2'];

  it('tells tokens of an A4 page, operations and the memory that the tower takes beside the texts alone', () => {
    const { config } = loadConfig('study-vl', [...settings, 'training.poolsPerUpdate=1']);
    const shape = readBaseFile('qwen-vl').shape!;
    const page = describePage(shape, config)!;
    // 602,112 pixels: both sides divided by sqrt(2339 · 1654 / 602112) = 2.535, down to multiples of 28
    assert.deepEqual(page.read, { height: 32 * 28, width: 23 * 28 });
    assert.equal(page.tokens, 736);
    const decoder = 28 * (2 * 3584 * 3584 + 2 * 3584 * 512 + 3 * 3584 * 18944) * 2 * 736;
    const tower = page.operations.encoding - decoder;
    assert.ok(tower > 2 * 736 * 4 * 630e6 && tower < 3 * 736 * 4 * 630e6, `${tower}`);
    assert.equal(page.operations.training, tower + 3 * decoder);
    const { bytes } = page.memory as MemoryPlan;
    assert.equal(bytes.features, 8 * 736 * 4 * 3584);
    assert.ok(bytes.tower! > 2 * 675e6);
    const learning = describePage(shape, { ...config, lora: { ...config.lora, tower: true } })!;
    assert.equal(learning.operations.training, 4 * tower + 3 * decoder);
    assert.ok((learning.memory as MemoryPlan).bytes.adapters > bytes.adapters);
  });

  it('is undefined for a base that reads no images', () => {
    assert.equal(describePage(readBaseFile('qwen-base').shape!, loadConfig('study').config), undefined);
  });

  it('counts a tower whose weights come to the published number', () => {
    for (const name of ['qwen-vl', 'qwen-vl-3b']) {
      const { vision, visionParameters, hidden: out } = readBaseFile(name).shape!;
      const { hidden, intermediate, blocks, patch, merge } = vision!;
      const norms = 2 * hidden;
      const biases = 5 * hidden + 2 * intermediate; // of queries, keys, values, proj, down; of gate and up
      const block = 4 * hidden ** 2 + 3 * hidden * intermediate + norms + biases;
      const joined = hidden * merge ** 2;
      const merger = hidden + joined * joined + joined + joined * out + out;
      assert.equal(2 * 3 * patch ** 2 * hidden + blocks * block + merger, visionParameters, name);
    }
  });
});

describe('towerOperations', () => {
  it('counts products of every patch and token, and the attention of windows and of whole images', () => {
    const tower = {
      ...{ hidden: 2, intermediate: 3, blocks: 3, heads: 1, patch: 1, merge: 2 },
      window: 1,
      fullBlocks: [1],
    };
    const patches = 3 * 4;
    const block = 4 * 2 * 2 + 3 * 2 * 3;
    const products = 2 * (patches * (3 * 2 + 3 * block) + 3 * (8 * 8 + 8 * 5));
    const attention = 4 * 2 * patches * (patches + 2 * 4); // scores, and their sums of values, two operations each
    assert.equal(towerOperations({ ...tower, out: 5 }, 3), products + attention);
  });
});
