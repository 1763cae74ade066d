import { join } from 'node:path';
import { runsRoot } from '../../checkpoints/run/folder.js';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { progressBars } from '../../configs/cli/progress.js';
import { compare, comparisonsRoot } from '../programs/compare.js';
import { comparisonJson } from '../report/output/comparisonFiles.js';
import { comparisonTable } from '../report/output/comparisonTable.js';
import { evaluationsRoot } from '../score/resultsFolder.js';

interface CompareArguments {
  runs: string[];
  baseline: string | undefined;
  published: string[];
  'allow-differences': boolean;
  'tasks-dir': string | undefined;
  output: string | undefined;
  json: boolean;
}

const compareCommand: Command<CompareArguments> = {
  name: '$0 <runs..>',
  describe: 'Which model retrieves better: one page, tables and tests over runs and evaluated models',
  options: (cli) =>
    cli
      .positional('runs', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: `names in ${runsRoot}/ or ${evaluationsRoot}/, or folders of results; seeds of one base are one model`,
      })
      .option('baseline', { type: 'string', describe: 'the model that others are tested against; else the first' })
      .option('published', {
        type: 'string',
        array: true,
        default: [],
        describe: 'figures of others to show beside: a name in configs/published/, a .yaml or .csv file, MTEB results',
      })
      .option('allow-differences', {
        type: 'boolean',
        default: false,
        describe: 'set models side by side though more than their base differs; nothing is then tested',
      })
      .option('tasks-dir', { type: 'string', describe: 'holds the tasks, for the texts of queries and passages' })
      .option('output', {
        type: 'string',
        describe: `folder of the report and its tables, instead of one in ${comparisonsRoot}/`,
      })
      .option('json', { type: 'boolean', default: false, describe: 'print the results as one JSON object last' }),
  examples: [
    ['$0 qwen-base-1 qwen-math-1', 'is the mathematics model better or worse than the base model?'],
    ['$0 one two three --baseline two --published study', 'against the second, with the figures of the study beside'],
  ],
  async handler({ runs, baseline, published, 'allow-differences': allowDifferences, 'tasks-dir': tasksDir, ...args }) {
    const bars = progressBars();
    const { folder, comparison } = await compare({
      ...{ runs, baseline, published, allowDifferences, tasksDir, output: args.output },
      onDifference(objection) {
        bars.stop();
        console.error(`differs: ${objection}`);
      },
      onProgress: bars.update,
    }).finally(bars.stop);
    console.log(`${comparison.title}\n`);
    console.log(comparisonTable(comparison));
    for (const note of comparison.notes) console.log(`note: ${note}`);
    console.log(`\nreport ${join(folder, 'report.html')}`);
    if (args.json) console.log(JSON.stringify({ folder, ...comparisonJson(comparison) }));
  },
};

await runCommand('npm run compare --', compareCommand);
