import assert from 'node:assert/strict';
import type { FunctionCost } from './cardCosts.js';
import { costTable } from './costTable.js';

const cost = (label: string, way: FunctionCost['way'], calls: number, kernels: number): FunctionCost => ({
  ...{ label, way, calls, kernels, movedBytes: 2e6, temporaryBytes: kernels * 1e6 },
  ...{ productsMs: 0.25, restMs: 0.5, compileSeconds: 1 },
});
const costs = [cost('Qkv', 'forward', 1, 7), cost('Attention 2 x 96', 'forward', 3, 4), cost('Back', 'backward', 1, 9)];

describe('costTable', () => {
  it('sums what all calls cost, and tells of temporary memory the most', () => {
    assert.equal(
      costTable(costs),
      `
function          calls  kernels  moved MB  temporary MB  products ms  the rest ms  compiled in s
Qkv                   1        7         2             7         0.25         0.50            1.0
Attention 2 x 96      3       12         6             4         0.75         1.50            1.0
Back                  1        9         2             9         0.25         0.50            1.0
forward               4       19         8             7         1.00         2.00            2.0
backward              1        9         2             9         0.25         0.50            1.0
layer                 5       28        10             9         1.25         2.50            3.0`.trim(),
    );
  });

  it('tells behind a number how it has changed, and what is new or gone, not how long compiling took', () => {
    const before = [cost('Qkv', 'forward', 1, 10), cost('Old', 'backward', 1, 9)];
    const now = [{ ...cost('Qkv', 'forward', 1, 7), compileSeconds: 3 }, cost('Back', 'backward', 1, 9)];
    const lines = costTable(now, before).replace(/ +/g, ' ').split('\n');
    assert.deepEqual(lines.slice(1), [
      'Qkv 1 7 (-3) 2 7 (-3) 0.25 0.50 3.0',
      'Back (new) 1 9 2 9 0.25 0.50 1.0',
      'forward 1 7 (-3) 2 7 (-3) 0.25 0.50 3.0',
      'backward 1 9 2 9 0.25 0.50 1.0',
      'layer 2 16 (-3) 4 9 (-1) 0.50 1.00 4.0',
      'Old (gone)',
    ]);
  });
});
