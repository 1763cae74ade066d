import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineFolder, nvidiaSeen } from '../../setup/folder/engineFolder.mjs';
import type { Finding } from './checks/finding.js';

const script = fileURLToPath(new URL('./check.ts', import.meta.url));
const check = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', script, ...args], { encoding: 'utf8' });

describe('checks of a card', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'tercet-gpu-test-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('say in one line that there is no card', function () {
    if (nvidiaSeen()) return this.skip();
    const { stdout, status } = check();
    assert.match(stdout, /^no NVIDIA driver on this machine: .*--processor.*\n$/);
    assert.equal(status, 0);
  });

  it('find on the processor that arithmetic, kernels, memory and training are right', function () {
    if (!existsSync(engineFolder().bindingRecord)) {
      console.log('skipped: the TensorFlow engine is not installed');
      return this.skip();
    }
    this.timeout(600_000); // the whole script of a card: XLA compiles for the processor, and a command trains
    const file = join(folder, 'found.json');
    const { stdout, stderr, status } = check('--processor', '--quick', '--output', file);
    assert.equal(status, 0, stdout + stderr);
    const { findings } = JSON.parse(readFileSync(file, 'utf8')) as { findings: Finding[] };
    const found = new Map(findings.map((finding) => [finding.check, finding]));
    for (const name of ['card', 'float32, TF32 forbidden', 'bfloat16', 'float16', 'kernels', 'nothing leaks'])
      assert.equal(found.get(name)?.outcome, 'ok', name);
    assert.equal(found.get('one card visible')?.outcome, 'skipped');
    const kernels = found.get('kernels')!.values as { names: string[] };
    // What a card runs: the stock operations of the padded pass, none of those fused for the processor.
    for (const name of ['BitwiseXor', 'Softmax', 'GatherV2', 'Bitcast']) assert.ok(kernels.names.includes(name), name);
    assert.deepEqual(
      kernels.names.filter((name) => name.startsWith('Tercet')),
      [],
    );
    for (const name of ['compiled layer, TF32 forbidden', 'updates, compiled', 'recipe at 7b'])
      assert.equal(found.get(name)?.outcome, 'ok', name);
    assert.equal((found.get('recipe at 7b')!.values as { isPacked: boolean }).isPacked, true);
    assert.match(stdout, /^training command +ok +loss \d/m);
    assert.match(stdout, /^speed, 0\.5b +ok +encode [\d,]+ tokens\/s/m);
  });
});
