import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '../../model/engine/startEngine.js';
import { runCommand } from '../runCommand.js';
import { makeTinyRun } from '../tinyRun.js';

describe('npm run eval', function () {
  this.timeout(120_000);
  let folder: string;
  const evaluate = (...args: string[]) =>
    runCommand('eval/command.ts', [...args, '--tasks', 'animals', '--tasks-dir', 'tasks'], folder);

  before(async () => {
    await startEngine();
    folder = await makeTinyRun();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  // Results under one recipe once replaced those under another.
  it("keeps results under another recipe than the base's own in a folder of their own", async () => {
    const { code, errors } = await evaluate('--model', 'base:base', '--recipe', 'demo', '--precision', 'float32');
    assert.equal(code, 0, errors);
    assert.ok(existsSync(join(folder, 'checkpoints/evaluations/base-base-demo-float32/animals/metrics.json')), errors);
  });

  it('refuses options that have no effect on BM25', async () => {
    const { code, errors } = await evaluate('--model', 'bm25', '--base', 'demo');
    assert.deepEqual([code, errors], [2, 'error: --base has no effect on bm25; leave it out\n']);
  });
});
