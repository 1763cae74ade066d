import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceFolder } from '../../../data/files/writeFolder.js';
import { UserError } from '../../../configs/userError.js';
import { stageFile } from '../../../data/files/writeBeside.js';
import type { Comparison } from '../comparison/comparison.js';
import { comparisonJson, differencesCsv, resultsCsv, resultsLatex } from './comparisonFiles.js';
import { comparisonPage } from '../section/comparisonPage.js';
import { mtebFiles } from './mtebFiles.js';
import type { QueryView } from '../comparison/queryView.js';

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
  await requireOwnFolder(folder);
  await replaceFolder(folder, async (partial) => {
    for (const { path, text } of files) {
      await mkdir(dirname(join(partial, path)), { recursive: true });
      await (await stageFile(join(partial, path), text)).commit();
    }
  });
}

/** Only an older comparison is replaced. @throws UserError when there is something else in the folder */
export async function requireOwnFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const found = await readdir(folder).catch(() => {
    throw new UserError(`--output ${folder} is a file; name a folder, which takes the report and its tables`);
  });
  const foreign = found.find((name) => !ownNames.has(name));
  if (foreign !== undefined)
    throw new UserError(`--output ${folder} holds ${foreign}, which no comparison wrote; name another folder`);
}

const ownNames = new Set(['report.html', 'report.json', 'results.csv', 'differences.csv', 'results.tex', 'mteb']);
