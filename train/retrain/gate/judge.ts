import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder, runsRoot } from '../../../checkpoints/run/folder.js';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { readPerQuery } from '../../../eval/measure/perQuery.js';
import { metricsFile, type EvaluationSummary } from '../../../eval/score/scoreModel.js';
import { taskFolderName } from '../../../eval/tasks/folderName.js';
import type { ResultRow } from '../../../eval/score/reportData.js';
import type { Task } from '../../../eval/tasks/task.js';
import { challengerName, championName, decide, type Decision } from './decide.js';
import type { PlanFolder } from '../planFolder.js';
import { runStep, type Steps } from '../runStep.js';

/**
 * Score a challenger and the champion on the gate by the same command, and decide. What either was scored on before, as
 * the task still is, is not scored again.
 */
export async function judge(
  { gate }: Pick<RetrainingPlan, 'gate'>,
  tasks: readonly Task[],
  paths: PlanFolder,
  challenger: string,
  champion: string | null,
  steps: Steps,
): Promise<Decision> {
  const tasksDir = gate.tasksDir === undefined ? [] : ['--tasks-dir', gate.tasksDir];
  const score = async (run: string, name: string): Promise<ResultRow[]> => {
    const { model, results } = modelOf(paths, run);
    await runStep(steps, 'eval', [...model, '--tasks', gate.tasks.join(','), ...tasksDir]);
    return Promise.all(tasks.map((task) => readResult(join(results, taskFolderName(task)), task, name)));
  };
  const rows = await score(challenger, challengerName);
  if (champion !== null) rows.push(...(await score(champion, championName)));
  return decide(gate, rows);
}

/** A champion whose run was removed by hand is scored by its own adapter. */
function modelOf(paths: PlanFolder, run: string): { model: string[]; results: string } {
  const { folder, config } = runFolder(runsRoot, run);
  if (existsSync(config)) return { model: ['--model', `run:${run}`], results: join(folder, 'eval') };
  const results = join(paths.folder, 'scores', run);
  return { model: ['--model', join(paths.champion(run), 'adapter'), '--output', results], results };
}

async function readResult(folder: string, task: Task, model: string): Promise<ResultRow> {
  const { metrics } = JSON.parse(await readFile(join(folder, metricsFile), 'utf8')) as EvaluationSummary;
  return { task: task.name, model, metrics, perQuery: await readPerQuery(join(folder, 'per-query.arrow')) };
}
