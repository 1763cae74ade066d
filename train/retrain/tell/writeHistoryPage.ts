import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { writeBeside } from '../../../data/files/writeBeside.js';
import { readHistory } from '../history.js';
import { historyPage } from './historyPage.js';
import type { PlanFolder } from '../planFolder.js';

/** Write the page of a plan's history, where it has one. */
export async function writeHistoryPage(plan: RetrainingPlan, place: PlanFolder): Promise<void> {
  const history = await readHistory(place.history);
  if (history.length > 0) await writeBeside(place.historyPage, historyPage(plan.name, plan.about, history));
}
