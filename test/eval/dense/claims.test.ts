import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { claim, isClaimed, readClaim, release } from '../../../eval/dense/claims.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('claim', () => {
  const place = useTemporaryFolder();

  it('is held by one until it is given up, with what was said of it', () => {
    assert.equal(claim(place('it'), { files: 3 }), true);
    assert.equal(claim(place('it')), false);
    assert.equal(readClaim(place('it'))!['files'], 3);
    release(place('it'));
    assert.equal(isClaimed(place('it')), false);
    assert.equal(claim(place('it')), true);
    release(place('it'));
  });

  it('passes on from a process that was killed, and is gone with one that ended', () => {
    const script = fileURLToPath(new URL('claimAndDie.ts', import.meta.url));
    const run = (end: string) =>
      spawnSync(process.execPath, ['--import', 'tsx', script, place('it'), end], { encoding: 'utf8' });
    assert.equal(run('exit').stdout, 'true\n');
    assert.equal(existsSync(place('it')), false);
    assert.equal(run('killed').stdout, 'true\n');
    assert.equal(existsSync(place('it')), true);
    assert.equal(isClaimed(place('it')), false);
    assert.equal(claim(place('it')), true);
    release(place('it'));
  });

  it('of another machine is heeded as long as it gives signs of life', () => {
    writeFileSync(place('it'), JSON.stringify({ owner: '12-345-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd' }));
    assert.equal(claim(place('it')), false);
    release(place('it'));
    assert.ok(existsSync(place('it')), 'it is not ours to remove');
    const tooLongAgo = Date.now() / 1000 - 3600;
    utimesSync(place('it'), tooLongAgo, tooLongAgo);
    assert.equal(claim(place('it')), true);
    release(place('it'));
  });
});
