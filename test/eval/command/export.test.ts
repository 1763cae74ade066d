import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensorsIndex } from '../../../checkpoints/tensors/safetensors.js';
import { runCommand } from '../../runCommand.js';
import { writeTinyBase } from '../../tinyRun.js';
import { writeFinishedRun } from '../finishedRun.js';

describe('npm run export', function () {
  this.timeout(120_000);
  let folder: string;
  const place = (name: string) => join(folder, name);
  const exportRun = (args: string[], env = {}) => runCommand('eval/command/export.ts', args, folder, env);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-'));
    await writeTinyBase(place('base'));
    await writeFinishedRun(folder, 'first', 'float32');
    await writeFinishedRun(folder, 'halved', 'bfloat16');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  // It once wrote over the README.md of whatever folder it was given.
  it('refuses --as peft into a folder that is not empty', async () => {
    mkdirSync(place('mine'));
    writeFileSync(place('mine/README.md'), 'precious');
    const { code, errors } = await exportRun(['first', '--as', 'peft', '--output', 'mine']);
    assert.deepEqual([code, errors], [2, 'error: mine is not empty; name another folder, or empty it first\n']);
    assert.deepEqual(readdirSync(place('mine')), ['README.md']);
    assert.equal(readFileSync(place('mine/README.md'), 'utf8'), 'precious');
  });

  it('refuses an output that would replace the run or its base, by any spelling', async () => {
    symlinkSync('base', place('link'));
    for (const output of ['checkpoints/runs/first', 'base', './base/../base', 'link', 'checkpoints']) {
      const { code, errors } = await exportRun(['first', '--as', 'merged', '--output', output]);
      assert.deepEqual([code, errors.split(' would replace ')[0]], [2, `error: --output ${output}`], errors);
    }
    assert.ok(existsSync(place('base/config.json')) && existsSync(place('checkpoints/runs/first/adapter')));
  });

  it('makes the names for the base: one with a vision tower keeps the decoder a step deeper', async () => {
    const file = place('base/config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, vision_config: { depth: 2 } }));
    const { code, errors } = await exportRun(['first', '--as', 'peft', '--output', 'out']);
    writeFileSync(file, JSON.stringify(config));
    assert.equal(code, 0, errors);
    const { tensors } = await readSafetensorsIndex(place('out/adapter_model.safetensors'));
    for (const name of tensors.keys()) assert.match(name, /^base_model\.model\.language_model\.layers\./);
    assert.ok(existsSync(place('out/base.json')));
  });

  // The message once named an option that the command lacked.
  it('proves in float32 where the engine has no bfloat16, when told so', async () => {
    const args = ['halved', '--as', 'merged', '--output', 'merged'];
    const wasm = { TERCET_BACKEND: 'wasm' };
    const refused = await exportRun(args, wasm);
    assert.equal(refused.code, 2);
    assert.match(refused.errors, /^error: run:halved is to be encoded in bfloat16, .*; add --precision float32\n$/);
    const { code, errors } = await exportRun([...args, '--precision', 'float32'], wasm);
    assert.equal(code, 0, errors);
  });
});
