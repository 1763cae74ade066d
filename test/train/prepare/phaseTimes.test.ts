import assert from 'node:assert/strict';
import { describeSpeed, describeTimes, phaseTimes } from '../../../train/prepare/phaseTimes.js';

const operations = { training: 36e12, trainingToken: 6e9, during: 0, encoding: 9e12 };

describe('the times of the phases of a run', () => {
  it('are sizes by the speed of the machine, of which base and tuned model are both scored', () => {
    const times = phaseTimes({ downloadBytes: 4e9, importBytes: 600e6, operations, speed: 1e10 });
    // 4 GB at 20 MB/s, 600 MB at 5 MB/s; 600 tokens of texts for the proof, forward alone: a third of 6e9 operations each.
    assert.deepEqual(times, { download: 200, import: 120, training: 3600, during: 0, export: 120, scoring: 1800 });
    assert.equal(
      describeTimes(times),
      'download 3 min, import 2 min, training 60 min, export 2 min, scoring 30 min, 1.6 h in all',
    );
    assert.equal(describeSpeed(times, 'measured'), 'measured; downloads at 20 MB/s and imports at 5 MB/s are assumed');
  });

  it('leave out what is not to be done, and say what is not known', () => {
    const times = phaseTimes({
      ...{ downloadBytes: 0, importBytes: 0, speed: 1e10 },
      operations: { ...operations, training: undefined, during: 9e10 },
    });
    assert.equal(
      describeTimes(times),
      'training not known, scoring while training 9 s, export 2 min, scoring 30 min, 32 min in all without training',
    );
    assert.equal(describeSpeed(times, 'measured'), 'measured');
  });
});
