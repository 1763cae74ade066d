import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const start = fileURLToPath(new URL('../../../setup/start/start.mjs', import.meta.url));
const file = fileURLToPath(new URL('joinDeaf.ts', import.meta.url));

// A rank that waited for one that never came heard nothing for five minutes: no signal, and no end of its launcher.
describe('whileJoining', function () {
  this.timeout(60_000);

  async function endOf(env: Record<string, string>, signal?: NodeJS.Signals): Promise<unknown[]> {
    const child = spawn(process.execPath, [start, file], { env: { ...process.env, ...env } });
    await once(child.stdout, 'data');
    if (signal) child.kill(signal);
    return once(child, 'exit');
  }

  it('lets a signal end a process that is deaf, and ends it with the command that launched it', async () => {
    const gone = String(2 ** 22 + 1); // beyond the greatest number that Linux gives a process
    assert.deepEqual(await Promise.all([endOf({}, 'SIGTERM'), endOf({ TERCET_LAUNCHER: gone })]), [
      [null, 'SIGTERM'],
      [null, 'SIGKILL'],
    ]);
  });
});
