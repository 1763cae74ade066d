/**
 * Run by hand: `node --import tsx test/mutations/run.ts 50 1` makes 50 mutations, drawn by the seed 1, in a copy of the checkout, runs
 * for each the tests of the mutated file, and lists those that no test noticed. `--only loss.ts` mutates that file alone; it may be given several times.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkout } from '../../setup/folder/engineFolder.mjs';
import { seededRandom } from '../../data/random.js';
import { copyCheckout } from '../train/prepare/copyCheckout.js';
import { mutated, mutationsOf, type Mutation } from './mutate.js';

/** Files whose numbers decide results, and the tests that answer for each. */
const statistics = 'test/eval/statistics/*.test.ts';
const poolGradient = 'test/train/step/poolGradient.test.ts';
const ranks = 'test/train/ranks/equality.test.ts';
const bm25 = 'test/eval/bm25/*.test.ts';
const memory = 'test/model/memory/*.test.ts';
const targets: Record<string, string[]> = {
  'train/step/loss.ts': ['test/train/step/loss.test.ts'],
  'train/step/poolGradient.ts': [poolGradient],
  'train/step/embedTexts.ts': [poolGradient],
  'train/step/backChunks.ts': [poolGradient],
  'train/step/texts/textChunks.ts': [poolGradient],
  'train/step/texts/dealTexts.ts': ['test/train/step/texts/dealTexts.test.ts'],
  'train/step/exchange.ts': [poolGradient, ranks],
  'train/step/texts/gradientLengths.ts': ['test/train/step/texts/gradientLengths.test.ts'],
  'train/step/texts/sampleTexts.ts': ['test/train/step/texts/sampleTexts.test.ts'],
  'train/step/update/optimizer.ts': ['test/train/step/update/optimizer.test.ts'],
  'train/step/update/update.ts': ['test/train/step/update/update.test.ts'],
  'train/step/update/schedule.ts': ['test/train/step/update/schedule.test.ts'],
  'eval/measure/metrics.ts': ['test/eval/measure/metrics.test.ts'],
  'eval/measure/topRows.ts': ['test/eval/measure/topRows.test.ts'],
  'eval/statistics/statistics.ts': [statistics],
  'eval/statistics/signFlipTail.ts': [statistics],
  'eval/statistics/differences.ts': [statistics],
  'eval/statistics/standings.ts': [statistics],
  'eval/statistics/pairedTTest.ts': [statistics],
  'eval/statistics/studentT.ts': [statistics],
  'eval/statistics/kendallTau.ts': [statistics],
  'eval/statistics/rankShares.ts': [statistics],
  'eval/statistics/aliasTable.ts': [statistics],
  'eval/statistics/detectableDifference.ts': [statistics],
  'eval/score/averages.ts': ['test/eval/score/averages.test.ts'],
  'eval/score/trecRun.ts': ['test/eval/score/trecRun.test.ts'],
  'eval/dense/search.ts': ['test/eval/dense/search.test.ts'],
  'eval/dense/selection.ts': ['test/eval/dense/selection.test.ts', 'test/eval/dense/search.test.ts'],
  'eval/bm25/ties.ts': [bm25],
  'eval/bm25/lengthByte.ts': [bm25],
  'eval/bm25/retriever.ts': [bm25],
  'data/stream/shuffle.ts': ['test/data/stream/shuffle.test.ts'],
  'data/stream/pool.ts': ['test/data/stream/pool.test.ts'],
  'data/stream/planEpoch.ts': ['test/data/stream/planEpoch.test.ts', 'test/data/stream/streamRows.test.ts'],
  'data/stream/streamGroups.ts': ['test/data/stream/streamRows.test.ts'],
  'data/stream/tokenPools.ts': ['test/data/stream/tokenPools.test.ts'],
  'data/stream/candidateCounts.ts': ['test/data/stream/pool.test.ts', 'test/data/stream/tokenPools.test.ts'],
  'data/image/prepareImage.ts': ['test/data/image/*.test.ts'],
  'data/inspect/inspectOverlap.ts': ['test/data/inspect/inspectOverlap.test.ts'],
  'model/pass/sequence.ts': ['test/model/pass/sequence.test.ts', 'test/model/pass/encodeChunk.test.ts'],
  'model/memory/memoryPlan.ts': [memory],
  'model/memory/memoryBudget.ts': [memory],
  'model/memory/shapeArithmetic.ts': [memory],
  'model/memory/towerBytes.ts': [memory],
  'model/memory/encodingTokens.ts': [memory],
  'train/step/poolWithinMemory.ts': ['test/train/step/poolWithinMemory.test.ts'],
  'train/loop/poolShape.ts': ['test/train/loop/poolShape.test.ts'],
  'train/loop/images/poolImages.ts': ['test/train/loop/images/poolImages.test.ts'],
  'train/loop/open/startAdapter.ts': ['test/train/loop/open/startAdapter.test.ts'],
  'train/retrain/champion/retention.ts': ['test/train/retrain/champion/retention.test.ts'],
  'eval/score/scoreModel.ts': ['test/eval/score/*.test.ts'],
  'eval/score/counts.ts': ['test/eval/score/*.test.ts'],
  'eval/dense/encodeFile.ts': ['test/eval/dense/encodeFile.test.ts'],
  'eval/mining/mineNegatives.ts': ['test/eval/mining/mineNegatives.test.ts'],
  'eval/report/comparison/mergeSeeds.ts': ['test/eval/report/comparison/*.test.ts'],
  'eval/report/comparison/stabilityOf.ts': ['test/eval/report/comparison/*.test.ts'],
  'checkpoints/export/addLowRank.ts': ['test/checkpoints/export/addLowRank.test.ts'],
  'checkpoints/run/log.ts': ['test/checkpoints/run/log.test.ts'],
  'checkpoints/run/trained.ts': ['test/checkpoints/run/*.test.ts'],
  'checkpoints/run/state.ts': ['test/checkpoints/run/state.test.ts'],
  'checkpoints/run/stateAdapter.ts': ['test/checkpoints/run/stateAdapter.test.ts'],
};
/** One that makes a loop endless ends too. */
const limitMs = 120_000;

const { values, positionals } = parseArgs({
  options: { only: { type: 'string', multiple: true } },
  allowPositionals: true,
});
const [mutations = 50, seed = 1] = positionals.map(Number);
const chosen = Object.keys(targets).filter((file) => values.only?.includes(basename(file)) ?? true);
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
