import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineFolder } from '../../../setup/folder/engineFolder.mjs';
import { buildNoise } from '../../noise/buildNoise.mjs';

const noise = new URL('../../noise/preload.mjs', import.meta.url).href;

function doctor(env: NodeJS.ProcessEnv, ...args: string[]) {
  const command = ['setup/start/start.mjs', 'model/command/doctor.ts', ...args];
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

  // On some processors every command began with a line that TensorFlow writes when float16 is tried.
  it('keeps what native libraries write from the screen, and shows it when asked', function () {
    if (!existsSync(engineFolder().bindingRecord) || buildNoise() === undefined) {
      console.log('skipped: the TensorFlow engine or a compiler is not installed');
      this.skip();
    }
    const noisy = { TERCET_BACKEND: 'tensorflow', NODE_OPTIONS: `--import=${noise}` };
    const { stdout, stderr } = doctor(noisy, '--json', '--verbose');
    assert.equal(stderr, '');
    const { written } = JSON.parse(stdout) as { written: string };
    assert.match(written, /^E0000 .*\] first use of MatMul 19,false,false$/m); // 19 is float16
    assert.match(written, /a thread speaks$/m);
  });

  it('describes a base before anything is downloaded, also where the hub cannot be asked', () => {
    const home = mkdtempSync(join(tmpdir(), 'tercet-doctor-'));
    const offline = { TERCET_BACKEND: 'wasm', HF_HOME: home, HF_HUB_OFFLINE: '1' };
    const { status, stdout } = doctor(offline, '--base', 'qwen-r1');
    rmSync(home, { recursive: true });
    assert.equal(status, 0);
    assert.match(stdout, /^base +qwen-r1: long reasoning, distilled from DeepSeek-R1 into Qwen2\.5-Math-7B$/m);
    assert.match(stdout, /^hub +deepseek-ai\/DeepSeek-R1-Distill-Qwen-7B@916b56a44061fd5cd7d6a8fb632557ed4f724f60$/m);
    assert.match(stdout, /^licence +MIT$/m);
    assert.match(stdout, /^special +BOS 151646 before every text/m);
    assert.match(stdout, /^numbers +7615\.6 million, 80\.7 million trained$/m);
    assert.match(stdout, /^files +about 15\.2 GB to download; HF_HUB_OFFLINE forbids to ask the hub$/m);
    // 28 layers of 233 million weights in twice four bytes are 52 GB on WebAssembly, which addresses 4.
    assert.match(stdout, /^memory +training needs at least 5[3-6]\.\d GB, more than is free here$/m);
    assert.match(stdout, /^time +about \S+ h to train on a million tokens/m);
    assert.match(stdout, /^threads +\d+ for TensorFlow on the processor$/m);
  });

  it('accounts for the tensors of a base that is here, and asks for the base', () => {
    const wasm = { TERCET_BACKEND: 'wasm' };
    const { status, stdout } = doctor(wasm, '--base', 'demo', '--tensors', '--json');
    assert.equal(status, 0);
    const { base, tensors } = JSON.parse(stdout) as {
      base: { files: { bytes: number; present: number }; shape: { hidden: number } };
      tensors: { used: string[]; missing: string[]; refused: string[] };
    };
    const config = readFileSync('configs/bases/demo/config.json', 'utf8');
    assert.equal(base.shape.hidden, (JSON.parse(config) as { hidden_size: number }).hidden_size);
    assert.equal(base.files.present, base.files.bytes);
    assert.ok(tensors.used.includes('model.norm.weight'));
    assert.deepEqual([tensors.missing, tensors.refused], [[], []]);
    const bare = doctor(wasm, '--tensors');
    assert.equal(bare.status, 2);
    assert.match(bare.stderr, /^error: --tensors needs --base, the base to look at\n$/);
  });
});
