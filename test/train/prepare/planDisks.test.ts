import assert from 'node:assert/strict';
import { planDisks } from '../../../train/prepare/planDisks.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('planDisks', () => {
  const inFolder = useTemporaryFolder();
  const needs = () => [
    { what: 'base', place: inFolder('cache/hub'), bytes: 15e9, remedy: 'set HF_HOME' },
    { what: 'set', place: inFolder('data'), bytes: 3e9, remedy: 'link it' },
  ];

  // Each alone would fit: downloads that look at their own share only begin, and fill the disk hours later.
  it('sums up all that goes to one disk, also to folders that are not there yet', () => {
    const [disk, ...others] = planDisks(needs(), () => 18e9);
    assert.deepEqual(others, []);
    assert.deepEqual(disk, {
      ...{ place: inFolder('cache/hub'), bytes: 18e9, free: 18e9 },
      parts: [
        { what: 'base', bytes: 15e9 },
        { what: 'set', bytes: 3e9 },
      ],
    });
  });

  it('says by how much a disk is too small, and the remedy for the largest part', () => {
    const [disk] = planDisks(needs(), () => 17.9e9);
    assert.equal(
      disk!.problem,
      `the disk of ${inFolder('cache/hub')} must take 18.0 GB (base 15.0 GB, set 3.0 GB) and has 17.9 GB free; ` +
        'make room, or set HF_HOME',
    );
  });
});
