import { writeBeside } from '../data/writeBeside.js';
import { runsRoot } from '../checkpoints/runFolder.js';
import { runCommand, type Command } from '../configs/cli.js';
import { compareRuns } from './compareRuns.js';
import { reportSummary } from './report.js';
import { reportPage } from './reportPage.js';
import { resultTable } from './resultTable.js';

interface CompareArguments {
  runs: string[];
  output: string | undefined;
  json: boolean;
}

const compare: Command<CompareArguments> = {
  name: '$0 <runs..>',
  describe: 'One report over several runs; each is tested against the first',
  options: (cli) =>
    cli
      .positional('runs', { type: 'string', array: true, demandOption: true, describe: `names in ${runsRoot}/` })
      .option('output', { type: 'string', describe: 'write the report as a page to this file' })
      .option('json', { type: 'boolean', default: false, describe: 'print the results as one JSON object last' }),
  examples: [
    ['$0 qwen-base-1 qwen-math-1', 'is the mathematics model better or worse than the base model?'],
    ['$0 one two three --output report.html', 'three runs on one page'],
  ],
  async handler({ runs, output, json }) {
    const { report, objections } = await compareRuns(runsRoot, runs);
    console.log(`${report.title}\n`);
    for (const objection of objections) console.log(objection);
    if (objections.length > 0) console.log('');
    console.log(resultTable(report));
    if (output !== undefined) {
      await writeBeside(output, reportPage(report));
      console.log(`\nreport: ${output}`);
    }
    if (json) console.log(JSON.stringify({ comparable: objections.length === 0, ...reportSummary(report) }));
  },
};

await runCommand('npm run compare --', compare);
