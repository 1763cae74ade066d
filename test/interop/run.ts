import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modulePattern, targetModule, towerTargets } from '../../checkpoints/adapter/names.js';
import { projections } from '../../configs/schema.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { preparePython } from '../preparePython.js';
import { writeExports, type InteropCase } from './writeExports.js';
import { writeImageExports, type ImageCase } from './writeImageExports.js';

// Exports every replica and lets Python's libraries load it: npx tsx test/interop/run.ts
// INTEROP_PYTHON names a Python that has the packages of requirements.txt, else they are installed for it. Without
// replicas, Python or packages it says so and counts a skip.

const replicas = join(process.env['ORACLES'] ?? '../shared/data', 'oracles/replicas');

/** Scripts of Python that read what was written. Each prints a line for what it checked and exits with 1 on a failure. */
const checks = ['loadExports.py'];

const result = await run();
if ('skipped' in result) console.log(`skipped: ${result.skipped}\n0 passed, 0 failed, 1 skipped`);
else {
  console.log(`${result.passed} passed, ${result.failed} failed, 0 skipped`);
  process.exitCode = result.failed > 0 ? 1 : 0;
}

async function run(): Promise<{ skipped: string } | { passed: number; failed: number }> {
  if (!existsSync(replicas)) return { skipped: `no replicas at ${replicas}; ORACLES names the folder above them` };
  const prepared = preparePython({
    name: 'interop',
    requirements: new URL('requirements.txt', import.meta.url),
    variable: 'INTEROP_PYTHON',
    installSeconds: 150, // 1 GB from a near index takes one minute
  });
  if ('skipped' in prepared) return prepared;
  const folder = mkdtempSync(join(tmpdir(), 'tercet-interop-'));
  try {
    await startEngine();
    for (const one of cases(folder)) await writeExports(one, join(folder, one.name));
    for (const one of imageCases(folder)) await writeImageExports(one, join(folder, one.name));
    return checkAll(prepared.python, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every replica; one under a contract that adds neither the BOS nor the EOS of its tokenizer; two in their chats. */
function cases(folder: string): InteropCase[] {
  const all = readdirSync(replicas).map((name) => {
    const base = join(replicas, name);
    return { name, base, adapter: join(base, 'expected/adapter-start'), recipe: 'study', addsTokens: true };
  });
  const find = (wanted: string) => all.find(({ name }) => name === wanted)!;
  return [
    ...all,
    { ...find('qwen-r1'), name: 'qwen-r1-plain', addsTokens: false },
    { ...withChat(find('qwen-r1'), 'deepseek-r1-distill-qwen', folder), recipe: 'promptreps' },
    { ...withChat(find('qwen-vl'), 'qwen2.5', folder), recipe: 'study-vl' },
  ];
}

/** Both layouts of names and settings, in a chat and without, images behind the text and before it, adapters of the decoder and of the tower too. */
function imageCases(folder: string): ImageCase[] {
  const vision = join(replicas, '../vision');
  if (!existsSync(vision)) return [];
  const withTargets = (kind: string, targets: string | string[]) => {
    const adapter = join(folder, 'adapters', kind);
    cpSync(join(vision, 'expected', kind, 'adapter-start'), adapter, { recursive: true });
    const config = join(adapter, 'adapter_config.json');
    const json = JSON.parse(readFileSync(config, 'utf8')) as object;
    chmodSync(config, 0o644);
    writeFileSync(config, JSON.stringify({ ...json, target_modules: targets }));
    return adapter;
  };
  const decoder = withTargets('train-decoder', projections.map(targetModule));
  const both = withTargets('train-both', modulePattern(projections, towerTargets));
  const resaved = join(folder, 'bases/vision-resaved');
  for (const from of ['model/tokenizer.json', 'model/tokenizer_config.json', 'model/chat_template.json', 'resaved'])
    cpSync(join(vision, from), from === 'resaved' ? resaved : join(resaved, basename(from)), { recursive: true });
  const images = join(vision, 'images');
  const released = { images, base: join(vision, 'model'), recipe: 'study' };
  return [
    { ...released, name: 'vision', adapter: decoder, set: ['image.order=image-first'] },
    { ...released, name: 'vision-tower', adapter: both, set: ['lora.tower=true'] },
    { images, base: resaved, recipe: 'study-vl', name: 'vision-resaved-chat', adapter: decoder, set: [] },
    {
      images,
      base: resaved,
      recipe: 'study-vl',
      name: 'vision-resaved-tower-chat',
      adapter: both,
      set: ['lora.tower=true'],
    },
  ];
}

/** The replicas have no chat templates: a copy of one with that of a full tokenizer. */
function withChat(one: InteropCase, tokenizer: string, folder: string): InteropCase {
  const base = join(folder, 'bases', one.name);
  cpSync(one.base, base, { recursive: true, filter: (file) => !file.includes('expected') });
  const source = join(replicas, '../../tokenizers', tokenizer, 'tokenizer_config.json');
  const { chat_template: template } = JSON.parse(readFileSync(source, 'utf8')) as { chat_template: string };
  writeFileSync(join(base, 'chat_template.jinja'), template);
  return { ...one, name: `${one.name}-chat`, base };
}

function checkAll(python: string, folder: string) {
  const counts = { passed: 0, failed: 0 };
  for (const check of checks) {
    const script = fileURLToPath(new URL(check, import.meta.url));
    const { status, stdout, stderr } = spawnSync(python, [script, folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'], // by now this process's own standard error is held back
      env: { ...process.env, HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error', HF_HUB_DISABLE_PROGRESS_BARS: '1' },
    });
    process.stdout.write(status === 0 ? stdout : stdout + stderr);
    const lines = stdout.split('\n');
    const [passed, failed] = ['passed', 'FAILED'].map((word) => lines.filter((line) => line.startsWith(word)).length);
    counts.passed += passed!;
    counts.failed += status !== 0 && failed === 0 ? 1 : failed!;
  }
  return counts;
}
