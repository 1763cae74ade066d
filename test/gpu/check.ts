/**
 * Checks of the engine on an NVIDIA card, and their figures: run it on a machine that has one.
 *
 *   node --import tsx test/gpu/check.ts                prints a table, writes gpu-check.json, exit code 1 when one differs
 *   node --import tsx test/gpu/check.ts --processor    the same checks, small, on a machine without a card
 *   node --import tsx test/gpu/check.ts --only card --only bfloat16    these alone, as the table names them
 *
 * To carry it to a machine that reaches no network and has neither npm nor Python, only its driver:
 *
 *   node test/gpu/pack.mjs --output pieces             on a machine where `npm run setup` has made an engine; with
 *                                                      --engine FOLDER for another one than this machine's own, with
 *                                                      --card 9.0 for a card of that compute capability alone
 *   sh pieces/run.sh [folder] [arguments of check.ts]  there; joins the pieces, unpacks them, and runs the checks
 *
 * The pieces hold this Node.js, the checkout without what only tests of other things need, the node_modules that are
 * needed at run time, and the engine folder.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nvidiaSeen } from '../../setup/folder/engineFolder.mjs';
import { ask, type Settings } from './worker/ask.js';
import {
  checkCache,
  checkCard,
  checkGrowth,
  checkHalf,
  checkLeaks,
  checkOneCard,
  checkOperations,
  checkSpeed,
  checkStrictFloat32,
  checkTf32,
  writeSmallBase,
  type Place,
} from './checks/checks.js';
import {
  checkCompiledKept,
  checkCompiledUpdates,
  checkHalfUpdates,
  checkLargeLayer,
  checkLayer,
  checkLayerTf32,
} from './checks/compiled.js';
import { checkRecipe } from './checks/recipe.js';
import { checkTorch, checkTorchTraining } from './checks/torch.js';
import { checkTraining } from './checks/training.js';
import { findingLine, type Finding } from './checks/finding.js';

const checks: Record<string, (place: Place) => Promise<Finding>> = {
  card: checkCard,
  'one card visible': checkOneCard,
  'memory taken as needed': checkGrowth,
  'compiled kernels kept': checkCache,
  'float32, TF32 forbidden': checkStrictFloat32,
  'float32 as it comes': checkTf32,
  bfloat16: checkHalf('bfloat16'),
  float16: checkHalf('float16'),
  kernels: checkOperations,
  'nothing leaks': checkLeaks,
  'training command': checkTraining,
  'compiled layer, TF32 forbidden': checkLayer,
  'compiled layer as it comes': checkLayerTf32,
  'compiled layer, 7b, bfloat16': checkLargeLayer,
  'compiled functions kept': checkCompiledKept,
  'updates, compiled': checkCompiledUpdates,
  'updates, compiled, bfloat16': checkHalfUpdates,
  'recipe at 7b': checkRecipe('recipe at 7b'),
  'recipe at 7b, chunks of 8,192': checkRecipe('recipe at 7b, chunks of 8,192', 8192),
  'products beside PyTorch': checkTorch,
  'training with PyTorch, 7b': checkTorchTraining,
  'speed, 0.5b': checkSpeed('0.5b'),
  'speed, 1.5b': checkSpeed('1.5b'),
};

const { values: options } = parseArgs({
  options: {
    processor: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: Object.keys(checks) },
    output: { type: 'string', default: 'gpu-check.json' },
  },
});
const unknown = options.only.find((name) => !(name in checks));
if (unknown !== undefined) {
  console.error(`error: --only must name checks (${Object.keys(checks).join('; ')}); got ${unknown}`);
  process.exit(2);
}
if (!options.processor && !nvidiaSeen()) {
  console.log('no NVIDIA driver on this machine: nothing to check; --processor runs the checks without a card');
  process.exit(0);
}

const checked: Settings = options.processor
  ? { TERCET_BACKEND: 'tensorflow', CUDA_VISIBLE_DEVICES: '', TERCET_CHECK_AS_CARD: '1' }
  : { TERCET_BACKEND: 'tensorflow' };
const right: Settings = { TERCET_BACKEND: 'wasm', CUDA_VISIBLE_DEVICES: '' };
const folder = mkdtempSync(join(tmpdir(), 'tercet-gpu-check-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const)
  process.on(signal, () => process.exit(128 + number));

const place: Place = {
  folder,
  base: await writeSmallBase(folder),
  facts: (await ask('engine', {}, checked)).answer,
  isProcessor: options.processor,
  isQuick: options.quick,
  checked,
  right,
};
const findings: Finding[] = [];
for (const [name, check] of Object.entries(checks).filter(([name]) => options.only.includes(name))) {
  const finding = await check(place).catch((error: Error): Finding => ({
    check: name,
    outcome: 'differs',
    figures: error.message,
    values: {},
  }));
  findings.push(finding);
  console.log(findingLine(finding, Object.keys(checks)));
  // After each one: whoever ends the checks early has those that were done.
  writeFileSync(options.output, `${JSON.stringify({ date: new Date().toISOString(), findings }, null, 2)}\n`);
}
process.exitCode = findings.some(({ outcome }) => outcome === 'differs') ? 1 : 0;
