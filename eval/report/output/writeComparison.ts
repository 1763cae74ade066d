import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceFolder } from '../../../data/files/writeFolder.js';
import { stageFile } from '../../../data/files/writeBeside.js';
import type { Comparison } from '../comparison/comparison.js';
import { comparisonJson, differencesCsv, resultsCsv, resultsLatex } from './comparisonFiles.js';
import { comparisonPage } from '../section/comparisonPage.js';
import { mtebFiles } from './mtebFiles.js';
import type { QueryView } from '../comparison/queries/queryView.js';

/**
 * Write a comparison: report.html, report.json, results.csv, differences.csv, results.tex and mteb/. A folder of that
 * name is replaced as a whole; if the process dies, the old one or the new one is there.
 * @throws UserError when the folder holds something else, or cannot be written
 */
export async function writeComparison(folder: string, comparison: Comparison, view: QueryView): Promise<void> {
  const files = [
    { path: 'report.html', text: comparisonPage(comparison, view) },
    { path: 'report.json', text: `${JSON.stringify(comparisonJson(comparison), null, 2)}\n` },
    { path: 'results.csv', text: resultsCsv(comparison) },
    { path: 'differences.csv', text: differencesCsv(comparison) },
    { path: 'results.tex', text: resultsLatex(comparison) },
    ...mtebFiles(comparison).map(({ path, text }) => ({ path: join('mteb', path), text })),
  ];
  await replaceFolder(folder, comparisonFiles, async (partial) => {
    for (const { path, text } of files) {
      await mkdir(dirname(join(partial, path)), { recursive: true });
      await (await stageFile(join(partial, path), text)).commit();
    }
  });
}

/** All that a comparison consists of: only an older one is replaced. */
export const comparisonFiles = /^(report\.(html|json)|(results|differences)\.csv|results\.tex|mteb\/.+\.json)$/;
