import assert from 'node:assert/strict';
import { chooseQueries } from '../../../../../eval/report/comparison/queries/chooseQueries.js';

const query = (id: string, ...scores: (number | null)[]) => ({ id, scores });
const all = [query('tie', 1, 1), query('a', 1, 0), query('b', 0.75, 0.5), query('c', 0, 0.25), query('lost', 1, null)];
const ids = (budget: number, most = 50) => {
  const { queries, perPair } = chooseQueries(all, 2, budget, most);
  return [queries.map(({ id }) => id), perPair];
};

describe('chooseQueries', () => {
  it('takes the largest differences of each pair in each direction, never ties or queries that one lacks', () => {
    assert.deepEqual(ids(10), [['a', 'c', 'b'], 50]);
  });

  it('stays within the budget and says how many of each pair are complete', () => {
    assert.deepEqual(ids(2), [['a', 'c'], 1]);
    assert.deepEqual(ids(1), [[], 0]);
    assert.deepEqual(ids(10, 1), [['a', 'c'], 1]);
  });
});
