import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { engineFolder } from '../../../../setup/folder/engineFolder.mjs';

const loader = new URL('../../../../model/engine/native/loadNativeBinding.ts', import.meta.url).href;

/** Run `script`, in which `native` is what loadNativeBinding() returned, in a process of its own. */
function inOwnProcess(script: string, env: NodeJS.ProcessEnv = {}, ...args: string[]) {
  const source = `const { loadNativeBinding } = await import(${JSON.stringify(loader)});
    const native = loadNativeBinding(); ${script}`;
  const flags = ['--import', 'tsx', '--input-type=module', '-e', source, '--', ...args];
  return spawnSync(process.execPath, flags, { env: { ...process.env, ...env }, encoding: 'utf8' });
}

describe('loadNativeBinding', () => {
  describe('with an engine', () => {
    before(function () {
      if (existsSync(engineFolder().bindingRecord)) return;
      console.log('skipped: the TensorFlow engine is not installed');
      this.skip();
    });

    it('gives TensorFlow to the one TensorFlow.js of the process, and prints nothing', () => {
      // node-pre-gyp, which the package asks for the binding, would take --runtime for a flag of its own.
      const script = `
        const { default: tf } = await import('@tensorflow/tfjs');
        await tf.ready();
        const product = tf.matMul([[1, 2], [3, 4]], [[5], [6]]);
        console.log(tf.getBackend(), tf.backend().binding.TF_Version, await product.data(), native === loadNativeBinding())`;
      const { stdout, stderr } = inOwnProcess(script, {}, '--runtime=electron');
      assert.equal(stderr, '');
      assert.equal(stdout, 'tensorflow 2.21.0 Float32Array(2) [ 17, 39 ] true\n');
    });

    it('works on a Node.js that has lost util.isNullOrUndefined, which the package calls', () => {
      const script = `
        const { default: tf } = await import('@tensorflow/tfjs');
        console.log(await tf.topk([1, 3, 2], 1).values.data())`;
      const removed = `data:text/javascript,import util from 'node:util'; delete util.isNullOrUndefined; delete util.isArray;`;
      const { stdout, stderr } = inOwnProcess(script, { NODE_OPTIONS: `--import="${removed}"` });
      assert.equal(stderr, '');
      assert.equal(stdout, 'Float32Array(1) [ 3 ]\n');
    });
  });

  describe('without an engine', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tercet-engine-'))));
    afterEach(() => rmSync(folder, { recursive: true }));
    const script = 'console.log(JSON.stringify(native))';

    it('names the command that installs it', () => {
      const { stdout } = inOwnProcess(script, { TERCET_ENGINE: folder });
      const reason = 'the TensorFlow engine is not installed; npm run setup installs it';
      assert.deepEqual(JSON.parse(stdout), { loaded: false, reason });
    });

    it('gives the reason that setup has left', () => {
      const note = { message: 'a C++ compiler was not found', remedy: 'install it', at: '2026-11-23T12:00:00Z' };
      writeFileSync(join(folder, basename(engineFolder().trouble)), JSON.stringify(note));
      const { stdout } = inOwnProcess(script, { TERCET_ENGINE: folder });
      assert.deepEqual(JSON.parse(stdout), { loaded: false, reason: 'a C++ compiler was not found; install it' });
    });
  });
});
