// The result table: a real base, trained on real queries, beside BM25. Run by hand; it takes hours on a few cores. Killed or interrupted at
// any time, the same command goes on where it was; --table prints what it has found so far.
//   node --import tsx test/results/run.ts [--layers 30] [--updates 400] [--table]
// The data is that of the oracles (ORACLES, default ../shared/data): 11,992 training queries of MS MARCO, a part of its passages
// that TREC Deep Learning judged, SciFact, NFCorpus and CoSQA. Everything is written to test/results/.work and checkpoints/runs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { baseOf, inWork, mined, phase, prepare, recipe } from './phases.js';
import { markdownTable, readRow } from './table.js';
import { tableTasks } from './tasks.js';

const { values: asked } = parseArgs({
  options: {
    layers: { type: 'string', default: '30' }, // of SmolLM2-135M-Instruct, the lower ones
    updates: { type: 'string', default: '400' }, // of each round
    table: { type: 'boolean', default: false },
  },
});
const layers = Number(asked.layers);
const base = baseOf(layers);

/** A row of the table. */
interface Scored {
  title: string;
  /** As `--model` takes it. */
  model: string;
  folder: string;
  recipe?: string;
}

const bm25: Scored = { title: 'BM25', model: 'bm25', folder: inWork('scores/bm25') };
const untrained: Scored = {
  ...{ title: `base, ${layers} of 30 layers`, model: `base:${base}`, recipe },
  folder: inWork(`scores/base-${layers}-layers`),
};
const rounds = [1, 2].map((round) => {
  const run = `results-${layers}-layers-${asked.updates}-updates-${round}`;
  const scored: Scored = {
    ...{ title: `round ${round}, ${asked.updates} updates`, model: `run:${run}` },
    folder: inWork(`scores/${run}`),
  };
  return { run, folder: runFolder(runsRoot, run).folder, scored };
});

if (!asked.table) await work();
await showTable();

/** All phases in their order; what is there already is not made again. */
async function work(): Promise<void> {
  await prepare(layers);
  score(bm25);
  const [first, second] = [rounds[0]!, rounds[1]!];
  train(first, mined('bm25', []), []);
  // Without a margin: a model that is no better yet ranks the positives of most queries below fifty others, which leaves nothing.
  const better = mined(first.run, ['--model', first.scored.model]);
  train(second, better, ['--adapter', join(first.folder, 'adapter')]);
  for (const model of [second.scored, first.scored, untrained]) score(model);
}

function train({ run, folder }: { run: string; folder: string }, file: string, words: readonly string[]): void {
  const during = ['evaluation.everySteps=80', `evaluation.duringTasks=[${inWork('held-out')}]`];
  const settings = [`training.steps=${asked.updates}`, ...during];
  const told = ['--base', base, '--recipe', recipe, '--data', file, '--run', run, ...words, '--set', ...settings];
  phase(`train ${run}`, join(folder, 'report.json'), 'train/command.ts', told);
}

/** Score a model on every task, the small ones first. */
function score({ model, folder, recipe }: Scored): void {
  for (const { name } of tableTasks) {
    const words = ['--model', model, '--tasks', inWork(`${name}.yaml`), '--output', folder];
    const under = recipe === undefined ? [] : ['--recipe', recipe];
    phase(`score ${model}`, join(folder, name, 'metrics.json'), 'eval/command.ts', [...words, ...under]);
  }
}

async function showTable(): Promise<void> {
  const models = [bm25, untrained, ...rounds.map(({ scored }) => scored)];
  const rows = await Promise.all(models.map(({ title, folder }) => readRow(title, folder, tableTasks)));
  const file = inWork('phases.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const phases = lines.map((line) => JSON.parse(line) as unknown);
  const results = { layers, updates: Number(asked.updates), rows, phases };
  writeFileSync(inWork('results.json'), `${JSON.stringify(results, null, 2)}\n`);
  console.log(markdownTable(rows, tableTasks));
}
