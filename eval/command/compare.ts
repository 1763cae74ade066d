import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRunConfig } from '../../checkpoints/run/config.js';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { withBar } from '../../configs/cli/progress.js';
import { UserError } from '../../configs/userError.js';
import { compareRuns } from '../report/comparison/compareRuns.js';
import { comparisonFolderName } from '../report/output/comparisonFolderName.js';
import { comparisonTable } from '../report/output/comparisonTable.js';
import { readPublished, type Published } from '../report/comparison/published.js';
import { queryView } from '../report/comparison/queryView.js';
import { requireApart } from '../../data/files/requireApart.js';
import { requireOwnFolder } from '../../data/files/ownFolder.js';
import { comparisonFiles } from '../report/output/writeComparison.js';
import { findTaskData } from '../report/comparison/findTaskData.js';
import { evaluationsRoot } from '../score/resultsFolder.js';
import { homePath } from '../../configs/cli/homePath.js';

interface CompareArguments {
  runs: string[];
  baseline: string | undefined;
  published: string[];
  'allow-differences': boolean;
  'tasks-dir': string | undefined;
  output: string | undefined;
  json: boolean;
}

const comparisonsRoot = homePath('checkpoints/comparisons');

const compare: Command<CompareArguments> = {
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
  async handler(args) {
    const output = args.output ?? join(comparisonsRoot, comparisonFolderName(args.runs));
    await requireOwnFolder(output, comparisonFiles);
    const read = [
      ...args.runs,
      ...args.runs.map((name) => join(runsRoot, name.replace(/^run:/, ''))),
      ...args.published,
    ];
    await requireApart([{ option: '--output', path: output, kind: 'folder' }], read);
    const published: Published[] = [];
    for (const name of args.published) published.push(await readPublished(name));
    const comparison = await withBar('testing', (onTest) =>
      compareRuns({ runs: runsRoot, evaluations: evaluationsRoot }, args.runs, {
        baseline: args.baseline,
        published,
        onTest,
      }),
    );
    for (const objection of comparison.objections) console.error(`differs: ${objection}`);
    if (comparison.objections.length > 0 && !args['allow-differences'])
      throw new UserError(
        'this is no comparison: more than the base differs, as listed above; add --allow-differences to set them side by side',
      );
    const found = await withBar('reading queries', async (onTask) =>
      queryView(comparison, findTaskData(await tasksDirs(args)), onTask),
    );
    comparison.notes.push(...found.notes);
    // Loads the chart library, which an error before should not wait for.
    const { writeComparison } = await import('../report/output/writeComparison.js');
    await writeComparison(output, comparison, found.view);
    console.log(`${comparison.title}\n`);
    console.log(comparisonTable(comparison));
    for (const note of comparison.notes) console.log(`note: ${note}`);
    console.log(`\nreport ${join(output, 'report.html')}`);
    if (args.json) {
      const { comparisonJson } = await import('../report/output/comparisonFiles.js');
      console.log(JSON.stringify({ folder: output, ...comparisonJson(comparison) }));
    }
  },
};

/** Where tasks may lie: where the user says, else where the runs found them. */
async function tasksDirs({ runs, 'tasks-dir': given }: CompareArguments): Promise<string[]> {
  if (given !== undefined) return [given];
  const found = new Set<string>();
  for (const name of runs) {
    const run = name.replace(/^run:/, '');
    if (!/^[\w.-]+$/.test(run) || !existsSync(join(runsRoot, run, 'config.yaml'))) continue;
    const { settings } = await readRunConfig(runFolder(runsRoot, run).config);
    if (settings.evaluation.tasksDir !== undefined) found.add(settings.evaluation.tasksDir);
  }
  return [...found];
}

await runCommand('npm run compare --', compare);
