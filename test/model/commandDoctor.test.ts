import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function doctor(env: NodeJS.ProcessEnv, ...args: string[]) {
  const command = ['--import', 'tsx', 'model/commandDoctor.ts', ...args];
  return spawnSync(process.execPath, command, { env: { ...process.env, ...env }, encoding: 'utf8' });
}

describe('npm run doctor', () => {
  it('says which engine runs, why, and what would give a faster one', () => {
    const { status, stdout } = doctor({ TERCET_BACKEND: 'wasm' });
    assert.equal(status, 0);
    assert.match(stdout, /^engine +wasm [\d.]+ on the CPU$/m);
    assert.match(stdout, /^why +asked for by TERCET_BACKEND$/m);
    assert.match(stdout, /^to do +unset TERCET_BACKEND to run on TensorFlow$/m);
    assert.match(stdout, /^speed +\d+ GFLOP\/s, a quick look/m);
  });

  it('answers also where the engine that is asked for is missing, and prints one JSON object', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tercet-doctor-'));
    const { status, stdout } = doctor({ TERCET_BACKEND: 'tensorflow', TERCET_ENGINE: folder }, '--json');
    rmSync(folder, { recursive: true });
    assert.equal(status, 0);
    const {
      engine,
      status: installed,
      advice,
    } = JSON.parse(stdout) as {
      engine: { name: string; gflops: number };
      status: { installed: boolean };
      advice: string[];
    };
    assert.equal(engine.name, 'wasm');
    assert.ok(engine.gflops > 0);
    assert.equal(installed.installed, false);
    assert.deepEqual(advice, ['the TensorFlow engine is not installed; npm run setup installs it']);
  });
});
