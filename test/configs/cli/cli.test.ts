import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stopSignals } from '../../../configs/stopSignals.js';

const script = fileURLToPath(new URL('../exampleCommand.ts', import.meta.url));
const command = ['--import', 'tsx', script];
const run = (...args: string[]) => spawnSync(process.execPath, [...command, ...args], { encoding: 'utf8' });

describe('runCommand', () => {
  it('takes lists of several values, also stated several times', () => {
    const { stdout, stderr } = run('a', 'b', '--data', 'x', 'y', '--data', 'z', '--set', 'p=1', '--from-rank', '0');
    const expected = { files: ['a', 'b'], data: ['x', 'y', 'z'], set: ['p=1'], fromRank: 0, json: false };
    assert.deepEqual(JSON.parse(stdout || stderr), expected);
  });

  for (const [args, mistake] of [
    [['--base', 'x', '--base', 'y'], /^error: --base takes one value; got x and y; leave all but one out\n$/],
    [['--from-rank', '1', '--from-rank', '2'], /^error: --from-rank takes one value; got 1 and 2; [^\n]*\n$/],
    [['--as', 'query', '--as', 'passage'], /^error: --as takes one value; got query and passage; [^\n]*\n$/],
    [['--data'], /^error: --data needs a value; give one, or leave the option out\n$/],
    [['--set', '--json'], /^error: --set needs a value; [^\n]*\n$/],
    [['--base'], /^error: --base needs a value; [^\n]*\n$/],
    [['--from-rank'], /^error: --from-rank needs a value; [^\n]*\n$/],
    [['--from-rank', 'abc'], /^error: --from-rank must be a number\n$/],
    [['--as', 'x'], /^error: Invalid values: Argument: as, [^\n]*; --help shows what is accepted\n$/],
  ] as const)
    it(`refuses ${args.join(' ')} in one line`, () => {
      const { status, stdout, stderr } = run(...args);
      assert.match(stderr, mistake);
      assert.deepEqual([status, stdout], [2, '']);
    });

  // `data tokens "-5 degrees"` was refused as an unknown option.
  it('takes text that begins with a dash where it holds a blank', () => {
    const { stdout, stderr } = run('-5 degrees', '--base', '- x', '--set=p=- y');
    const expected = { files: ['-5 degrees'], base: '- x', set: ['p=- y'], fromRank: 1, json: false };
    assert.deepEqual(JSON.parse(stdout || stderr), expected);
  });

  it('says nothing when its reader has gone', () => {
    const line = [process.execPath, ...command, '--lines', '20000'].join(' ');
    const { stdout, stderr } = spawnSync('bash', ['-c', `${line} | head -n 1`], { encoding: 'utf8' });
    assert.deepEqual([stdout, stderr], ['line 0\n', '']);
  });

  // Long JSON was cut at 64 KiB: the process ended before the pipe was emptied.
  it('ends only when a slow reader has taken all of the output', () => {
    const long = 'x'.repeat(100_000); // an argument may have 128 KiB
    const line = [process.execPath, ...command, '--lines', '40000', '--base', long].join(' ');
    const { stdout } = spawnSync('bash', ['-c', `${line} | (sleep 2; wc -c)`], { encoding: 'utf8' });
    const lines = 10 * 7 + 90 * 8 + 900 * 9 + 9000 * 10 + 30000 * 11; // "line 0\n" has seven characters
    const json = JSON.stringify({ base: long, set: [], fromRank: 1, json: false }).length + 1;
    assert.equal(Number(stdout), lines + json);
  });

  // Ended by the signal itself, as eval and encode were, a process leaves its claims to be found dead by others.
  it('gives up what it holds before it ends, whichever signal asks it to', async () => {
    for (const signal of stopSignals) {
      const child = spawn(process.execPath, [...command, '--wait'], { stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      child.stdout.on('data', (text) => (output += text));
      child.stderr.once('data', () => child.kill(signal));
      const [code] = (await once(child, 'close')) as [number | null];
      assert.deepEqual([code, output], [130, 'claims given up\n'], signal);
    }
  });

  it('says in one line that standard output cannot be written, and exits with 1', function () {
    if (!existsSync('/dev/full')) this.skip(); // a disk that is always full, on Linux alone
    for (const args of ['--json', '--lines 3']) {
      const line = `${[process.execPath, ...command].join(' ')} ${args} > /dev/full`;
      const { status, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
      assert.match(stderr, /^error: standard output cannot be written \([^\n]*ENOSPC[^\n]*\n$/);
      assert.equal(status, 1);
    }
  });
});
