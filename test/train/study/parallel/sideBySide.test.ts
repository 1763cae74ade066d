import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readLog } from '../../../../checkpoints/run/log.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { runCommand, startCommand } from '../../../runCommand.js';
import { makeTinyRun, tinySettings } from '../../../tinyRun.js';

const command = 'train/command/study.ts';

/** One base under two seeds, before and after training; with one thread each, wherever and beside whatever it is trained. */
describe('npm run study -- NAME --parallel', function () {
  this.timeout(900_000); // 27 processes start
  let folder: string;
  const alike = { TF_NUM_INTRAOP_THREADS: '1' };

  before(async function () {
    if (!existsSync('/proc/self/environ')) this.skip(); // by which processes that are left behind are found
    await startEngine();
    folder = await makeTinyRun();
    const settings = tinySettings.filter((_, index) => index % 2 === 1).slice(2);
    for (const name of ['one', 'two', 'three'])
      writeFileSync(
        join(folder, `${name}.yaml`),
        JSON.stringify({
          ...{ name, bases: ['./base'], data: ['train.arrow'], tasks: ['./tasks/animals'], seeds: [1, 2], bm25: false },
          ...{ settings: [{ name: 'tuned', recipe: 'demo' }], set: settings },
        }),
      );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const at = (...names: string[]) => join(folder, 'checkpoints/runs', ...names);
  const runsOf = (study: string) => [1, 2].map((seed) => `${study}-base-${seed}`);
  /** What a cell is, without what depends on the clock. */
  const cellOf = async (run: string) => ({
    losses: (await readLog(at(run, 'log.jsonl'))).flatMap(({ event, loss }) => (event === 'step' ? [loss] : [])),
    adapter: readFileSync(at(run, 'adapter/adapter_model.safetensors')).toString('base64'),
    metrics: (JSON.parse(readFileSync(at(run, 'eval/animals/metrics.json'), 'utf8')) as { metrics: object }).metrics,
  });
  const cellsOf = (study: string) => Promise.all(runsOf(study).map(cellOf));
  /** Trainings that the test's studies began and that live. */
  const atWork = () =>
    readdirSync('/proc').filter((pid) => {
      try {
        return (
          /^\d+$/.test(pid) &&
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('train/command.ts') &&
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TERCET_TEST=${folder}`)
        );
      } catch {
        return false; // it has ended
      }
    });
  const areTraining = (study: string) => runsOf(study).every((run) => existsSync(at(run, 'log.jsonl')));

  it('gives what the cells give one by one, bit for bit', async () => {
    const alone = await runCommand(command, ['one.yaml'], folder, alike);
    assert.equal(alone.code, 0, alone.errors);
    const beside = await runCommand(command, ['two.yaml', '--parallel', '2'], folder, alike);
    assert.equal(beside.code, 0, beside.errors);
    assert.match(beside.errors, /^cells {3}2 at a time$/m);
    assert.match(beside.errors, /^base 1: begun, to do\n/m);
    assert.match(beside.errors, /^base 2: done; 2 of 2 cells over|^base 1: done; 2 of 2 cells over/m);
    assert.deepEqual(await cellsOf('two'), await cellsOf('one'));
  });

  it('saves all at an interruption, leaves no process behind when it is killed, and goes on to the same', async () => {
    const env = { ...alike, TERCET_TEST: folder };
    const first = startCommand(command, ['three.yaml', '--parallel=2'], folder, env);
    while (!areTraining('three') && first.child.exitCode === null) await delay(5);
    first.child.kill('SIGINT');
    const { code, errors } = await first.finished;
    assert.equal(code, 130, errors);
    assert.match(errors, /interrupted: 0 of 2 cells are done; the same command goes on from there\n$/);
    assert.deepEqual(atWork(), []);

    const second = startCommand(command, ['three.yaml', '--parallel', '2'], folder, env);
    while (atWork().length < 2 && second.child.exitCode === null) await delay(20);
    second.child.kill('SIGKILL');
    await second.finished;
    for (let tries = 0; atWork().length > 0 && tries < 1000; tries++) await delay(100);
    assert.deepEqual(atWork(), []);

    const third = await runCommand(command, ['three.yaml', '--parallel'], folder, alike);
    assert.equal(third.code, 0, third.errors);
    assert.deepEqual(await cellsOf('three'), await cellsOf('one'));
  });

  it('refuses numbers that are none, and what has no effect', async () => {
    for (const [args, said] of [
      [['--parallel', '0'], '--parallel must be a whole number, 1 or more; got 0'],
      [['--parallel', 'two'], '--parallel must be a whole number, 1 or more; got two'],
      [['--parallel', '--dry-run'], '--parallel has no effect with --dry-run, which works on no cell; leave it out'],
    ] as const) {
      const { code, errors } = await runCommand(command, ['one.yaml', ...args], folder);
      assert.deepEqual([code, errors], [2, `error: ${said}\n`]);
    }
  });
});
