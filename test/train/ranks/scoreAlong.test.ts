import assert from 'node:assert/strict';
import { PeerFailure } from '../../../configs/peerFailure.js';
import { reasonToEnd } from '../../../train/ranks/scoreAlong.js';
import { GivenUp } from '../../../train/step/givenUp.js';

describe('encoding along with rank 0', () => {
  // Where nothing ends the other tasks of a launcher, as under srun without -K, a rank went on encoding for one that had died.
  it('ends once another rank is gone, for which it looks every two seconds', () => {
    let [now, looks] = [1000, 0];
    const gone: PeerFailure[] = [];
    const lost = () => {
      looks++;
      return gone[0];
    };
    const reason = reasonToEnd(
      { lost },
      () => false,
      () => now,
    );
    assert.equal(reason(), undefined);
    gone.push(new PeerFailure('rank 0 of 2 (first:1) has ended'));
    now += 1999;
    assert.equal(reason(), undefined);
    assert.equal(looks, 1);
    now += 1;
    assert.equal(reason(), gone[0]);
    assert.equal(looks, 2);
  });

  it('ends at once where it is asked to, whoever else is gone', () => {
    const lost = () => new PeerFailure('rank 0 of 2 (first:1) has ended');
    assert.ok(
      reasonToEnd(
        { lost },
        () => true,
        () => 0,
      )() instanceof GivenUp,
    );
  });
});
