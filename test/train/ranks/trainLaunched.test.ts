import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '../../../model/engine/startEngine.js';
import { freePorts } from '../../../model/ranks/freePorts.js';
import { startCommand } from '../../runCommand.js';
import { makeTinyRun, tinySettings } from '../../tinyRun.js';

const command = 'train/command.ts';

describe('training that another launcher started twice', function () {
  this.timeout(300_000); // six processes start TensorFlow and train
  let folder: string;
  before(async function () {
    if ((await startEngine()).name !== 'tensorflow') {
      console.log('skipped: the TensorFlow engine is not installed');
      return this.skip();
    }
    folder = await makeTinyRun();
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  const args = ['--base', 'base', '--data', 'train.arrow', ...tinySettings, '--set', 'training.steps=3'];
  const losses = (run: string) =>
    readFileSync(join(folder, 'checkpoints/runs', run, 'log.jsonl'), 'utf8').match(/"loss":[\d.]+/g);

  it('is one run with the losses of --ranks 2, whether TF_CONFIG or torchrun says so', async () => {
    const ports = await freePorts(3);
    const worker = ports.slice(0, 2).map((port) => `127.0.0.1:${port}`);
    const launched = [0, 1].map((index) => ({
      TF_CONFIG: JSON.stringify({ cluster: { worker }, task: { type: 'worker', index } }),
    }));
    const place = { WORLD_SIZE: '2', LOCAL_WORLD_SIZE: '2', TERCET_PORT: String(ports[2]) };
    const byTorchrun = [0, 1].map((rank) => ({ RANK: String(rank), LOCAL_RANK: String(rank), ...place }));
    for (const [run, environments] of [
      ['config', launched],
      ['torch', byTorchrun],
    ] as const) {
      const started = environments.map((env) => startCommand(command, [...args, '--run', run], folder, env).finished);
      const [first, second] = await Promise.all(started);
      assert.equal(first!.code, 0, first!.errors);
      assert.equal(second!.code, 0, second!.errors);
      assert.match(first!.errors, /^ranks {3}2 on this machine/m);
      assert.equal(second!.errors + second!.output, '');
    }
    const own = await startCommand(command, [...args, '--run', 'own', '--ranks', '2'], folder).finished;
    assert.equal(own.code, 0, own.errors);
    assert.equal(losses('own')!.length, 3);
    assert.deepEqual(losses('config'), losses('own'));
    assert.deepEqual(losses('torch'), losses('own'));
  });
});
