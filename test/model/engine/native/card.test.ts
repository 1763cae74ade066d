import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nvidiaSeen } from '../../../../setup/folder/engineFolder.mjs';
import { loadNativeBinding } from '../../../../model/engine/native/loadNativeBinding.js';

const at = (path: string) => JSON.stringify(new URL(`../../../../${path}`, import.meta.url).href);
const fakeDriver = fileURLToPath(new URL('fakeDriver.cc', import.meta.url));

/** What a process whose libraries lie in this folder says of its card. */
function cardIn(folder: string): unknown {
  const source = `
    const { startEngine } = await import(${at('model/engine/startEngine.ts')});
    const { nativeBackend } = await import(${at('model/engine/native/rawTensors.ts')});
    await startEngine({ backend: 'tensorflow' });
    console.log(JSON.stringify({ card: nativeBackend().card() }));`;
  const env = { ...process.env, LD_LIBRARY_PATH: folder };
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    env,
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return (JSON.parse(stdout) as { card?: unknown }).card;
}

// Memory of the first card that nvidia-smi lists was planned with: another one than was computed on, its total instead
// of what was free, and without nvidia-smi the memory of the host.
describe('the card of a process', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'tercet-driver-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('is what the driver says, asked of it in a context that is given back', function () {
    const target = join(folder, 'libcuda.so.1');
    const flags = ['-std=c++17', '-fPIC', '-shared', fakeDriver, '-o', target];
    if (!loadNativeBinding().loaded || spawnSync(process.env['CXX'] ?? 'g++', flags).status !== 0) this.skip();
    assert.deepEqual(cardIn(folder), {
      name: 'NVIDIA Example',
      computeCapability: '9.0',
      freeBytes: 79e9,
      totalBytes: 85e9,
    });
  });

  it('is not there where no driver is', function () {
    if (!loadNativeBinding().loaded || nvidiaSeen()) this.skip();
    assert.equal(cardIn(join(folder, 'empty')), undefined);
  });
});
