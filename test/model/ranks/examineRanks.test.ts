import assert from 'node:assert/strict';
import { startEngine } from '../../../model/engine/startEngine.js';
import type { ExchangeSpeed } from '../../../model/ranks/measureExchange.js';
import { runCommand } from '../../runCommand.js';

const command = 'model/command/doctor.ts';

describe('npm run doctor -- --ranks', function () {
  this.timeout(120_000);

  it('joins two ranks, checks every number that they exchange, and says how fast that was', async function () {
    if ((await startEngine()).name !== 'tensorflow') {
      console.log('skipped: the TensorFlow engine is not installed');
      return this.skip();
    }
    const { code, output, errors } = await runCommand(command, ['--ranks', '2', '--json'], '.');
    assert.equal(code, 0, errors);
    const speed = JSON.parse(output) as ExchangeSpeed;
    assert.equal(speed.ranks, 2);
    // Of two ranks each sends half of the sum and receives the other half.
    assert.equal(speed.sumBytesPerSecond, 1e8 / speed.sumSeconds);
    assert.equal(speed.gatherBytes, 64 * 3584 * 4);
  });

  it('refuses what has no effect with it', async () => {
    for (const [words, message] of [
      [['--ranks', '2', '--verify'], /^error: --verify has no effect with several ranks; leave it out\n$/],
      [['--ranks', '1'], /^error: --ranks 1 has nobody to exchange with; give 2 or more\n$/],
      [['--trust-network'], /^error: --trust-network has no effect where all is done on one machine; leave it out\n$/],
    ] as const) {
      const { code, errors } = await runCommand(command, [...words], '.');
      assert.equal(code, 2);
      assert.match(errors, message);
    }
  });
});
