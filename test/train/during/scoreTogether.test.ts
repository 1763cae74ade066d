import assert from 'node:assert/strict';
import { alone, type Collective } from '../../../model/engine/ranks/collective.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { tf } from '../../../model/engine/tf.js';
import type { Scoring } from '../../../train/during/scoring.js';
import { scoreTogether } from '../../../train/during/scoreTogether.js';
import { noScores } from '../../../train/during/standing.js';
import { GivenUp } from '../../../train/step/givenUp.js';

describe('scoreTogether', () => {
  before(() => startEngine());

  /** One of two ranks; what the other adds to a sum is given. */
  const beside = (other: number[], said: number[][] = []): Collective => ({
    ...alone,
    sum: (values) => {
      said.push([...values.dataSync()]);
      return tf.add(values, tf.tensor1d(other));
    },
  });
  const scoring = (isAtEnd: boolean, after: Scoring['after']): Scoring => ({
    standing: () => noScores,
    isAtEnd: () => isAtEnd,
    after,
  });
  const idle = scoring(false, () => Promise.resolve({ isScored: false, isBest: false }));
  const best = scoring(true, () => Promise.resolve({ isScored: true, isBest: true }));

  it('lets every rank end where the scores of the first are no longer better', async () => {
    assert.deepEqual(await scoreTogether(best, 4, beside([0, 0])), { isScored: true, isBest: true, isAtEnd: true });
    assert.deepEqual(await scoreTogether(idle, 4, beside([1, 0])), { isScored: false, isBest: false, isAtEnd: true });
    assert.equal((await scoreTogether(idle, 4, beside([0, 0]))).isAtEnd, false);
  });

  // With several ranks an interruption waited for the end of the scoring: the first alone could not leave.
  it('is given up by every rank where the first was asked to stop while it scored', async () => {
    const said: number[][] = [];
    const interrupted = scoring(false, () => Promise.reject(new GivenUp()));
    await assert.rejects(scoreTogether(interrupted, 4, beside([0, 0], said)), GivenUp);
    assert.deepEqual(said, [[0, 1]]);
    await assert.rejects(scoreTogether(idle, 4, beside([0, 1])), GivenUp);
  });

  it('passes on any other error before anything is exchanged', async () => {
    const said: number[][] = [];
    const failing = scoring(false, () => Promise.reject(new Error('the disk is full')));
    await assert.rejects(scoreTogether(failing, 4, beside([0, 0], said)), /the disk is full/);
    assert.deepEqual(said, []);
  });
});
