import { readLog } from '../../checkpoints/run/log.js';
import { resultTable } from '../../eval/report/run/resultTable.js';
import { runReport } from '../finish/runReport.js';
import type { OpenTraining } from '../loop/open/openTraining.js';
import type { Outcome } from '../workThrough.js';

/** Write the report of a run that has come to its end, and say what came of it. @param json  print the results as one object last */
export async function finish(
  opened: OpenTraining,
  outcome: Exclude<Outcome, { interruptedAfter: number }>,
  json: boolean,
): Promise<void> {
  const { paths, record } = opened;
  const { reportSummary, writeReport } = await import('../../eval/report/run/report.js'); // loads the chart library
  const data = runReport(opened, outcome, await readLog(paths.log));
  await writeReport({ html: paths.reportHtml, json: paths.reportJson }, data);
  if (outcome.results.length > 0) console.log(`\n${resultTable(data)}\n`);
  else console.error('no tasks were named, so nothing was scored; npm run eval does it later');
  if (outcome.last < record.updates) console.error(`stopped after update ${outcome.last}: no better score came`);
  if (outcome.best) console.error(`best    after update ${outcome.best.update}, which is exported`);
  console.error(`adapter ${paths.adapter}`);
  console.error(`report  ${paths.reportHtml}`);
  if (json)
    console.log(
      JSON.stringify({ run: paths.name, folder: paths.folder, updates: outcome.last, ...reportSummary(data) }),
    );
}
