import assert from 'node:assert/strict';
import { markdownTable } from './table.js';

describe('markdownTable', () => {
  it('gives each score with its interval, and a dash where nothing is scored yet', () => {
    const tasks = [
      { name: 'one', title: 'One', metric: 'ndcg@10' },
      { name: 'two', title: 'Two', metric: 'ndcg@10' },
    ];
    const score = { mean: 0.46409, low: 0.4, high: 0.5251, queries: 43, seconds: 1 };
    assert.equal(
      markdownTable([{ model: 'BM25', scores: { one: score } }], tasks),
      '| nDCG@10 (95 % interval) | One | Two |\n| --- | --- | --- |\n| BM25 | .4641 (.400 to .525) | – |',
    );
  });
});
