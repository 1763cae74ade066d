import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watchStopped } from '../../../model/ranks/watchStopped.js';

describe('watchStopped', () => {
  it('kills a process that was stopped, and lets one be that waits', async function () {
    if (process.platform !== 'linux') return this.skip();
    const [stopped, waiting] = [spawn('cat'), spawn('cat')]; // each waits for its input
    const ended = once(stopped, 'exit');
    const watch = watchStopped(() => [stopped, waiting], 0);
    stopped.kill('SIGSTOP');
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    assert.deepEqual([stopped, waiting].map(watch.hasEnded), [true, false]);
    watch.end();
    const end = once(waiting, 'exit');
    waiting.stdin.end();
    assert.deepEqual(await end, [0, null]);
  });
});
