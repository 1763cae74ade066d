// The recipe of the result table in sentence-transformers with PEFT, on the same pools from the same adapter: losses beside each
// other, what the updates took, and both scored by tercet. Run by hand, after nothing else; what is there is not made again.
//   node --import tsx test/results/peer/run.ts [--layers 2] [--updates 160] [--python PATH]
// Left out of the recipe is what the library has not: relevant passages masked, and texts sampled (gradientShare).
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readContract } from '../../../checkpoints/contract/contractFile.js';
import { runFolder, runsRoot } from '../../../checkpoints/run/folder.js';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { findPython } from '../../bench/against/pythonSetup.js';
import { inWork, mined, phase, prepare, recipe, runPhase } from '../phases.js';
import { markdownTable, readRow } from '../table.js';
import { tableTasks } from '../tasks.js';
import { lossTable } from './lossTable.js';
import { writeStart } from './writeStart.js';

const { values: asked } = parseArgs({
  options: {
    layers: { type: 'string', default: '2' },
    updates: { type: 'string', default: '160' },
    python: { type: 'string' }, // has the packages of test/bench/against/python/requirements.txt
  },
});
const [layers, updates] = [Number(asked.layers), Number(asked.updates)];
const python = await findPython(asked.python);
const base = await prepare(layers);
const data = mined('bm25', []);
const set = [`training.steps=${updates}`, 'training.gradientShare=1', 'loss.maskRelevant=false'];
const { config } = loadConfig(recipe, set);

const run = `peer-${layers}-layers-${updates}-updates`;
const ours = runFolder(runsRoot, run);
phase(`train ${run}`, join(ours.folder, 'report.json'), 'train/command.ts', [
  ...['--base', base, '--recipe', recipe, '--data', data, '--run', run],
  ...set.flatMap((setting) => ['--set', setting]),
]);

const [start, pools, theirs] = ['start', 'pools.jsonl', 'adapter'].map((name) => inWork(`${run}/${name}`)) as [
  string,
  string,
  string,
];
const contract = await readContract(join(ours.adapter, 'contract.json'));
if (!existsSync(pools)) await writeStart({ base, data, config, updates, contract }, start, pools);
const program = fileURLToPath(new URL('train.py', import.meta.url));
runPhase(`train ${run} by sentence-transformers`, theirs, [python, program, base, start, pools, theirs]);

const models = [
  { title: 'tercet', model: `run:${run}`, folder: inWork(`scores/${run}`) },
  { title: 'sentence-transformers', model: theirs, folder: inWork(`scores/${run}-theirs`) },
];
const cheap = tableTasks.filter(({ name }) => !name.startsWith('dl'));
for (const { name } of cheap)
  for (const { model, folder } of models)
    phase(`score ${model}`, join(folder, name, 'metrics.json'), 'eval/command.ts', [
      ...['--model', model, '--tasks', inWork(`${name}.yaml`), '--output', folder],
    ]);

const lines = (file: string) => readFileSync(file, 'utf8').trim().split('\n');
console.log(lossTable(lines(ours.log), lines(join(theirs, 'losses.jsonl'))));
console.log(markdownTable(await Promise.all(models.map(({ title, folder }) => readRow(title, folder, cheap))), cheap));
