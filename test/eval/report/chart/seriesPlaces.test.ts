import assert from 'node:assert/strict';
import { seriesPlaces } from '../../../../eval/report/chart/seriesPlaces.js';

describe('seriesPlaces', () => {
  const places = (...models: string[]) => models.map((model) => seriesPlaces(models).get(model));

  it('gives base, tuned and BM25 their colours in any order', () => {
    assert.deepEqual(places('tuned', 'base', 'BM25'), [1, 0, 2]);
    assert.deepEqual(places('BM25', 'other', 'tuned'), [2, 3, 1]);
  });

  it('gives other models colours in turn, and the first again when all are used', () => {
    assert.deepEqual(places('a', 'b', 'BM25', ...'cdefghi'), [1, 3, 2, 4, 5, 6, 7, 8, 9, 1]);
  });

  it('does not stumble over names that objects have', () => assert.deepEqual(places('constructor'), [1]));
});
