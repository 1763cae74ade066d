import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '../../../model/engine/startEngine.js';

const module = new URL('../../../model/engine/startEngine.ts', import.meta.url).href;

/** What starting gives in a process of its own: the engine, or the error. */
function startedWith(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const script = `const { startEngine } = await import(${JSON.stringify(module)});
    const outcome = await startEngine().catch(({ name, message }) => ({ error: name, message }));
    console.log(JSON.stringify(outcome));`;
  const flags = ['--import', 'tsx', '--input-type=module', '-e', script];
  const { stdout } = spawnSync(process.execPath, flags, { env: { ...process.env, ...env }, encoding: 'utf8' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('startEngine', () => {
  it('starts one engine a process', async () => {
    assert.equal(startEngine(), startEngine());
    assert.ok((await startEngine()).precisions.includes('float32'));
  });

  it('refuses an engine that it does not know', () => {
    const message = 'TERCET_BACKEND must be tensorflow or wasm; got webgl';
    assert.deepEqual(startedWith({ TERCET_BACKEND: 'webgl' }), { error: 'UserError', message });
  });

  it('refuses a choice of layers that is none', () => {
    const message = 'TERCET_XLA must be 1 or 0; got yes';
    assert.deepEqual(startedWith({ TERCET_XLA: 'yes' }), { error: 'UserError', message });
  });

  describe('where TensorFlow is not installed', () => {
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), 'tercet-engine-'))));
    after(() => rmSync(folder, { recursive: true }));
    const why = 'the TensorFlow engine is not installed; npm run setup installs it';

    it('runs on WebAssembly and says why', () => {
      const { name, why: said, precisions } = startedWith({ TERCET_BACKEND: '', TERCET_ENGINE: folder });
      assert.deepEqual([name, said, precisions], ['wasm', why, ['float32']]);
    });

    it('refuses to run where TensorFlow was asked for', () => {
      const { error, message } = startedWith({ TERCET_BACKEND: 'tensorflow', TERCET_ENGINE: folder });
      assert.equal(error, 'UserError');
      assert.equal(message, `the tensorflow engine cannot start: ${why}; run npm run setup, then npm run doctor`);
    });
  });
});
