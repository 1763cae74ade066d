import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { writeBeside } from '../../../data/files/writeBeside.js';
import { readHistory } from '../history.js';
import { metricsText } from './metricsFile.js';
import { deliverNotices } from './notify.js';
import type { PlanFolder } from '../planFolder.js';
import { folderBytes } from '../../../setup/folder/records.mjs';

/**
 * Tell of a call: the waiting decisions to the plan's command, its figures to the metrics file. None of it undoes or stops
 * a retraining.
 * @param code  exit code of the call
 * @returns warnings
 */
export async function tellAfterwards(
  plan: RetrainingPlan,
  paths: PlanFolder,
  startedMs: number,
  code: number,
): Promise<string[]> {
  const failure = await deliverNotices(paths.notices, plan.notify).catch((error: Error) => error.message);
  const warnings = failure === undefined ? [] : [`the notification failed (${failure}); the next call tries again`];
  if (plan.metrics === undefined) return warnings;
  const diskBytes = folderBytes(paths.folder) + folderBytes(paths.data);
  try {
    const history = await readHistory(paths.history);
    const figures = { plan: plan.name, startedMs, endedMs: Date.now(), code, history, diskBytes };
    await writeBeside(plan.metrics, metricsText(figures));
  } catch (error) {
    warnings.push((error as Error).message);
  }
  return warnings;
}
