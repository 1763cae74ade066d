import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose } from '../../assertions.js';
import { runCommand, startCommand } from '../../runCommand.js';
import { makeTinyRun, tinySettings } from '../../tinyRun.js';
import { ranksOf } from './ranksOf.js';

const command = 'train/command.ts';

describe('npm run train -- --ranks 2', function () {
  this.timeout(600_000); // six processes start TensorFlow, and one that is gone is missed after ten seconds
  let folder: string;
  before(async function () {
    if ((await startEngine()).name !== 'tensorflow') {
      console.log('skipped: the TensorFlow engine is not installed');
      return this.skip();
    }
    folder = await makeTinyRun();
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  const steps = 6;
  const settings = [...tinySettings, '--set', `training.steps=${steps}`, '--set', 'training.gradientShare=0.8'];
  const started = ['--base', 'base', '--data', 'train.arrow', ...settings];
  const environment = { TERCET_HEARTBEAT_SECONDS: '10' };
  const stepsOf = (run: string) => {
    const file = join(folder, 'checkpoints/runs', run, 'log.jsonl');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    return lines.filter((line) => line.includes('"event":"step"'));
  };
  const lossesOf = (run: string) => stepsOf(run).map((line) => (JSON.parse(line) as { loss: number }).loss);

  it('ends with all ranks when one is killed, and goes on with another number to the losses and adapter of one process', async () => {
    const { child, finished } = startCommand(
      command,
      [...started, '--ranks', '2', '--run', 'two'],
      folder,
      environment,
    );
    let killed: number | undefined;
    const timer = setInterval(() => {
      if (stepsOf('two').length < 2) return;
      clearInterval(timer);
      killed = ranksOf(child.pid!)[1];
      process.kill(killed!, 'SIGKILL');
    }, 5);
    const { code, errors } = await finished.finally(() => clearInterval(timer));
    assert.match(errors, /\nerror: rank 1 of 2 was ended by SIGKILL, as when memory runs out; [^\n]*\n$/);
    assert.equal(errors.split('error: ').length, 2, errors);
    assert.equal(code, 1);
    assert.ok(stepsOf('two').length < steps, 'the kill came too late to test anything');
    assert.ok(killed !== undefined && !existsSync(`/proc/${killed}`));

    const [again, one] = [
      await runCommand(command, ['--run', 'two', '--resume', '--ranks', '3'], folder, environment),
      await runCommand(command, [...started, '--run', 'one'], folder),
    ];
    assert.equal(again.code, 0, again.errors);
    assert.equal(one.code, 0, one.errors);
    assertClose(lossesOf('two'), lossesOf('one'), 1e-4, 'loss of update');
    const [ofTwo, ofOne] = await Promise.all(
      ['two', 'one'].map((run) => readAdapter(join(folder, 'checkpoints/runs', run, 'adapter'))),
    );
    for (const [name, { a, b }] of ofTwo!.matrices) {
      assertClose(a, ofOne!.matrices.get(name)!.a, 1e-3, name);
      assertClose(b, ofOne!.matrices.get(name)!.b, 1e-3, name);
    }
  });

  it('refuses more ranks than a pool has queries, before it makes a folder', async () => {
    const { code, errors } = await runCommand(command, [...started, '--ranks', '5', '--run', 'many'], folder);
    assert.match(
      errors,
      /^error: 5 ranks share a pool of 4 queries, and each needs one; take at most --ranks 4, [^\n]*\n$/,
    );
    assert.equal(code, 2);
    assert.ok(!existsSync(join(folder, 'checkpoints/runs/many')));
  });
});
