import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRunConfig } from '../../checkpoints/run/config.js';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import { homePath } from '../../configs/cli/homePath.js';
import { UserError } from '../../configs/userError.js';
import { requireOwnFolder } from '../../data/files/ownFolder.js';
import { requireApart } from '../../data/files/requireApart.js';
import type { Comparison } from '../report/comparison/comparison.js';
import { compareRuns } from '../report/comparison/compareRuns.js';
import { findTaskData } from '../report/comparison/queries/findTaskData.js';
import { readPublished, type Published } from '../report/comparison/published.js';
import { queryView } from '../report/comparison/queries/queryView.js';
import { comparisonFolderName } from '../report/output/comparisonFolderName.js';
import { comparisonFiles, writeComparison } from '../report/output/writeComparison.js';
import { evaluationsRoot } from '../score/resultsFolder.js';

/** What to compare, and where to leave the report. */
export interface CompareRequest {
  /** Names of runs or of folders in `checkpoints/evaluations/`, or folders of results; seeds of one base are one model. */
  runs: readonly string[];
  /** The model that the others are tested against; else the first. */
  baseline?: string | undefined;
  /** Figures of others to show beside: a name in `configs/published/`, a .yaml or .csv file, MTEB results. */
  published?: readonly string[];
  /** Set models side by side though more than their base differs; nothing is then tested. */
  allowDifferences?: boolean;
  /** Holds the tasks, for the texts of queries and passages; else where the runs found them. */
  tasksDir?: string | undefined;
  /** Folder of the report and its tables, instead of one in `checkpoints/comparisons/`. */
  output?: string | undefined;
  /** Told each thing beyond their base in which the models differ. */
  onDifference?: (objection: string) => void;
  onProgress?: (what: 'testing' | 'reading queries', done: number, all: number) => void;
}

/** What was found, and where its report lies. */
export interface Compared {
  folder: string;
  comparison: Comparison;
}

/** Where comparisons are kept that name no folder. */
export const comparisonsRoot = homePath('checkpoints/comparisons');

/**
 * Set models side by side with tests, and write the report and its tables.
 * @throws UserError when one was not evaluated, or more than the base differs and that is not allowed
 */
export async function compare({
  runs,
  baseline,
  published: others = [],
  allowDifferences = false,
  tasksDir,
  output = join(comparisonsRoot, comparisonFolderName(runs)),
  onDifference = () => {},
  onProgress = () => {},
}: CompareRequest): Promise<Compared> {
  await requireOwnFolder(output, comparisonFiles);
  const read = [...runs, ...runs.map((name) => join(runsRoot, name.replace(/^run:/, ''))), ...others];
  await requireApart([{ option: '--output', path: output, kind: 'folder' }], read);
  const published: Published[] = [];
  for (const name of others) published.push(await readPublished(name));
  const comparison = await compareRuns({ runs: runsRoot, evaluations: evaluationsRoot }, runs, {
    baseline,
    published,
    onTest: (done, all) => onProgress('testing', done, all),
  });
  comparison.objections.forEach(onDifference);
  if (comparison.objections.length > 0 && !allowDifferences)
    throw new UserError(
      'this is no comparison: more than the base differs, as listed above; add --allow-differences to set them side by side',
    );
  const folders = tasksDir === undefined ? await tasksDirsOf(runs) : [tasksDir];
  const { view, notes } = await queryView(comparison, findTaskData(folders), (done, all) =>
    onProgress('reading queries', done, all),
  );
  comparison.notes.push(...notes);
  await writeComparison(output, comparison, view);
  return { folder: output, comparison };
}

/** Where runs found their tasks. */
async function tasksDirsOf(runs: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const name of runs) {
    const run = name.replace(/^run:/, '');
    if (!/^[\w.-]+$/.test(run) || !existsSync(join(runsRoot, run, 'config.yaml'))) continue;
    const { settings } = await readRunConfig(runFolder(runsRoot, run).config);
    if (settings.evaluation.tasksDir !== undefined) found.add(settings.evaluation.tasksDir);
  }
  return [...found];
}
