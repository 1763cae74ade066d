import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { writeBeside } from '../../../data/files/writeBeside.js';
import { readHistory } from '../history.js';
import type { PlanFolder } from '../planFolder.js';

/** Write the page of a plan's history, where it has one. */
export async function writeHistoryPage(plan: RetrainingPlan, paths: PlanFolder): Promise<void> {
  const history = await readHistory(paths.history);
  if (history.length === 0) return;
  const { historyPage } = await import('./historyPage.js'); // loads the charts, which every start would otherwise wait for
  await writeBeside(paths.historyPage, historyPage(plan.name, plan.about, history));
}
