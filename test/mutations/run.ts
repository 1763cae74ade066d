/**
 * Run by hand: `node --import tsx test/mutations/run.ts 50 1` makes 50 mutations, drawn by the seed 1, in a copy of the checkout, runs
 * for each the tests of the mutated file, and lists those that no test noticed. `--only loss.ts` mutates that file alone.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkout } from '../../setup/engineFolder.mjs';
import { seededRandom } from '../../data/random.js';
import { copyCheckout } from '../train/prepare/copyCheckout.js';
import { mutated, mutationsOf, type Mutation } from './mutate.js';

/** Files whose numbers decide results, and the tests that answer for each. */
const statistics = 'test/eval/statistics/*.test.ts';
const targets: Record<string, string[]> = {
  'train/step/loss.ts': ['test/train/step/loss.test.ts'],
  'train/step/poolGradient.ts': ['test/train/step/poolGradient.test.ts'],
  'train/step/optimizer.ts': ['test/train/step/optimizer.test.ts'],
  'train/step/update.ts': ['test/train/step/update.test.ts'],
  'train/step/schedule.ts': ['test/train/step/schedule.test.ts'],
  'eval/measure/metrics.ts': ['test/eval/measure/metrics.test.ts'],
  'eval/measure/topRows.ts': ['test/eval/measure/topRows.test.ts'],
  'eval/statistics/statistics.ts': [statistics],
  'eval/statistics/signFlipTail.ts': [statistics],
  'eval/statistics/differences.ts': [statistics],
  'eval/statistics/standings.ts': [statistics],
  'eval/statistics/pairedTTest.ts': [statistics],
  'data/stream/shuffle.ts': ['test/data/stream/shuffle.test.ts'],
  'checkpoints/run/state.ts': ['test/checkpoints/run/state.test.ts'],
};
/** One that makes a loop endless ends too. */
const limitMs = 120_000;

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const [mutations = 50, seed = 1] = positionals.map(Number);
const chosen = Object.keys(targets).filter((file) => values.only === undefined || basename(file) === values.only);
const offered = chosen.flatMap((file) =>
  mutationsOf(readFileSync(join(checkout, file), 'utf8')).map((mutation) => ({ file, mutation })),
);
const random = seededRandom('mutations', seed);
const folder = mkdtempSync(join(tmpdir(), 'tercet-mutations-'));
let [tried, survived] = [0, 0];
try {
  copyCheckout(folder);
  for (const name of ['test', '.mocharc.cjs']) cpSync(join(checkout, name), join(folder, name), { recursive: true });
  for (const file of new Set(chosen.flatMap((file) => targets[file]!)))
    if (!passes([file])) throw new Error(`${file} fails without any mutation`);
  while (tried < mutations && offered.length > 0) {
    const [{ file, mutation }] = offered.splice(Math.floor(random() * offered.length), 1) as [(typeof offered)[number]];
    tried++;
    if (notices(file, mutation)) continue;
    survived++;
    console.log(`${file}:${mutation.line}: ${mutation.before} -> ${mutation.after}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${tried} mutations, ${survived} survived`);

function notices(file: string, mutation: Mutation): boolean {
  const source = readFileSync(join(checkout, file), 'utf8');
  writeFileSync(join(folder, file), mutated(source, mutation));
  try {
    return !passes(targets[file]!);
  } finally {
    writeFileSync(join(folder, file), source);
  }
}

function passes(tests: readonly string[]): boolean {
  const mocha = join(folder, 'node_modules/mocha/bin/mocha.js');
  const { status } = spawnSync(process.execPath, [mocha, '--bail', ...tests], {
    cwd: folder,
    timeout: limitMs,
    stdio: 'ignore',
  });
  return status === 0;
}
