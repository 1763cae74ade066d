import { stageFile, writeTogether } from '../../../data/files/writeBeside.js';
import { differences, tunedAgainstBase, type Difference } from '../../statistics/differences.js';
import type { ReportData, ResultRow, ScoreCurve } from '../../score/reportData.js';
import { reportPage } from './reportPage.js';

/** What report.json holds: the numbers of the page for other programs. */
export interface ReportSummary extends Pick<ReportData, 'title' | 'facts' | 'contract'> {
  warnings: string[];
  results: Omit<ResultRow, 'perQuery'>[];
  /** While the run was trained. */
  scores: ScoreCurve[];
  differences: Difference[];
}

/** The numbers of a report. Values of single queries and training steps stay in the files they came from. */
export function reportSummary(data: ReportData): ReportSummary {
  return {
    title: data.title,
    facts: data.facts,
    contract: data.contract,
    warnings: data.warnings ?? [],
    results: data.results.map(({ task, model, metrics, note }) => ({ task, model, metrics, ...(note && { note }) })),
    scores: data.scores ?? [],
    differences: differences(data.results, data.pairs ?? [tunedAgainstBase]),
  };
}

/** Write a report as a page and as JSON, both beside and renamed together. */
export async function writeReport(files: { html: string; json: string }, data: ReportData): Promise<void> {
  await writeTogether([
    () => stageFile(files.html, reportPage(data)),
    () => stageFile(files.json, `${JSON.stringify(reportSummary(data), null, 2)}\n`),
  ]);
}
