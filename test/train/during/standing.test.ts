import assert from 'node:assert/strict';
import { isDue, isOutOfPatience, noScores, standingAfter, type Standing } from '../../../train/during/standing.js';

/** The standing after scorings at updates 10, 20, ... */
const after = (...values: number[]): Standing =>
  values.reduce((standing, value, place) => standingAfter(standing, 10 * (place + 1), value), noScores);

describe('the standing of scores while training', () => {
  it('holds the best update and counts the scorings since', () => {
    assert.deepEqual(after(), { scored: 0, since: 0 });
    assert.deepEqual(after(0), { scored: 10, best: { update: 10, value: 0 }, since: 0 });
    assert.deepEqual(after(0.5, 0.7, 0.6), { scored: 30, best: { update: 20, value: 0.7 }, since: 1 });
  });

  it('keeps the first of equal values as the best', () => {
    assert.deepEqual(after(0.5, 0.5), { scored: 20, best: { update: 10, value: 0.5 }, since: 1 });
  });

  it('is out of patience after so many scorings without a better one', () => {
    assert.equal(isOutOfPatience(after(0.5, 0.4), 2), false);
    assert.equal(isOutOfPatience(after(0.5, 0.4, 0.5), 2), true);
    assert.equal(isOutOfPatience(after(0.5, 0.4, 0.6), 2), false);
    assert.equal(isOutOfPatience(after(0.5, 0.4, 0.3, 0.2), undefined), false);
  });

  it('scores after every so many updates and after the last', () => {
    const due = (updates: number, every: number | undefined) =>
      Array.from({ length: updates + 1 }, (_, update) => update).filter((update) => isDue(update, updates, every));
    assert.deepEqual(due(7, 3), [3, 6, 7]);
    assert.deepEqual(due(6, 3), [3, 6]);
    assert.deepEqual(due(2, 5), [2]);
    assert.deepEqual(due(7, undefined), []);
  });
});
