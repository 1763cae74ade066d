import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startEngine } from '../../../../model/engine/startEngine.js';

/** Of each thread, that of JavaScript first: whether SIGUSR2 and SIGTERM are blocked in it. */
interface Found {
  main: boolean[];
  others: boolean[][];
  child: boolean[];
  handled: boolean;
}

describe('signals to a process in which TensorFlow computes', () => {
  // Their frames lay over numbers that oneDNN keeps below the stack pointer: of three trainings under a thousand a second
  // all three ended with a damaged heap within some thousands.
  it('are taken by another thread than that which computes, and by children as ever', async function () {
    if ((await startEngine()).name !== 'tensorflow' || !existsSync('/proc/self/task')) {
      console.log('skipped: the TensorFlow engine is not installed, or there is no /proc');
      return this.skip();
    }
    const worker = fileURLToPath(new URL('signalsWorker.ts', import.meta.url));
    const told = execFileSync(process.execPath, ['--import', 'tsx', worker], { encoding: 'utf8' });
    const { main, others, child, handled } = JSON.parse(told) as Found;
    assert.deepEqual(main, [true, true]);
    assert.ok(others.some((blocked) => blocked.every((isBlocked) => !isBlocked)));
    assert.deepEqual(child, [false, false]);
    assert.equal(handled, true);
  });
});
