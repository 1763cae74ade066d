import { basename, join } from 'node:path';
import { runsRoot } from '../../checkpoints/run/folder.js';
import type { Study } from '../../configs/load/loadStudy.js';
import { compareRuns } from '../../eval/report/comparison/compareRuns.js';
import type { Comparison } from '../../eval/report/comparison/comparison.js';
import { findTaskData } from '../../eval/report/comparison/queries/findTaskData.js';
import { readPublished, type Published } from '../../eval/report/comparison/published.js';
import { queryView } from '../../eval/report/comparison/queries/queryView.js';
import { requireOwnFolder } from '../../data/files/ownFolder.js';
import { comparisonFiles } from '../../eval/report/output/writeComparison.js';
import type { Task } from '../../eval/tasks/task.js';
import { evaluationsRoot } from '../../eval/score/resultsFolder.js';
import { hasScores } from './cellState.js';
import type { StudyCell } from './studyCells.js';
import { homePath } from '../../configs/cli/homePath.js';

/** A comparison that was written, and where. */
export interface StudyComparison {
  folder: string;
  comparison: Comparison;
}

const comparisonsRoot = homePath('checkpoints/comparisons');

/**
 * Compare the finished cells of a study: all of them, and where some differ in more than their base, so that nothing is
 * tested, also those of each setting.
 * @returns none where fewer than two models are there
 */
export async function compareStudy(
  study: Study,
  done: readonly StudyCell[],
  tasks: readonly Task[],
  onTest?: (done: number, all: number) => void,
): Promise<StudyComparison[]> {
  const all = await compareCells(study, done, tasks, study.name, onTest);
  if (all === undefined || all.comparison.objections.length === 0) return all === undefined ? [] : [all];
  const found = [all];
  for (const { name } of study.settings) {
    const ofSetting = done.filter(({ kind, setting }) => kind === 'bm25' || setting?.name === name);
    const one = await compareCells(study, ofSetting, tasks, `${study.name}-${name}`, onTest);
    if (one) found.push(one);
  }
  return found;
}

async function compareCells(
  study: Study,
  cells: readonly StudyCell[],
  tasks: readonly Task[],
  name: string,
  onTest?: (done: number, all: number) => void,
): Promise<StudyComparison | undefined> {
  const dense = cells.filter(({ kind }) => kind !== 'bm25');
  const scored = [...dense, ...cells.filter((cell) => cell.kind === 'bm25' && hasScores(cell, tasks))];
  if (scored.length < 2 || dense.length === 0) return undefined;
  const folder = join(comparisonsRoot, name);
  await requireOwnFolder(folder, comparisonFiles);
  const published: Published[] = [];
  for (const each of study.published) published.push(await readPublished(each));
  const baseline = baselineOf(study, dense);
  const comparison = await compareRuns({ runs: runsRoot, evaluations: evaluationsRoot }, scored.map(comparedName), {
    tasks: tasks.map(({ name }) => name),
    labels: new Map(cells.map((cell) => [comparedName(cell), cell.label])),
    baseline: baseline.run ?? baseline.label,
    published,
    ...(onTest && { onTest }),
  });
  if (study.about !== '' && comparison.objections.length === 0) comparison.title = study.about;
  const tasksDirs = study.tasksDir === undefined ? [] : [study.tasksDir];
  const { view, notes } = await queryView(comparison, findTaskData(tasksDirs));
  comparison.notes.push(...notes);
  // Loads the chart library, which an error before should not wait for.
  const { writeComparison } = await import('../../eval/report/output/writeComparison.js');
  await writeComparison(folder, comparison, view);
  return { folder, comparison };
}

/** What a comparison finds the cell by. */
const comparedName = ({ run, results }: StudyCell): string => run ?? basename(results);

/** The baseline's cell in the first setting that has one. */
function baselineOf({ bases, baseline }: Study, cells: readonly StudyCell[]): StudyCell {
  const ofBaseline = cells.filter(({ base }) => base?.text === (baseline ?? bases[0]));
  return ofBaseline.find(({ kind }) => kind === 'trained') ?? ofBaseline[0] ?? cells[0]!;
}

/** The base that is best on each task, a line a setting; an equal one is named with it. */
export function bestLines({ models, tasks, rows }: Comparison, cells: readonly StudyCell[]): string[] {
  const settings = [...new Set(cells.flatMap(({ setting }) => setting?.name ?? []))];
  return settings.flatMap((setting) => {
    const ofSetting = models.flatMap(({ name }) => {
      const cell = cells.find(
        (each) => each.setting?.name === setting && (name === each.label || name.startsWith(`${each.label}, `)),
      );
      return cell ? [{ name, base: cell.base!.named.name }] : [];
    });
    if (ofSetting.length < 2) return [];
    const best = tasks.flatMap(({ name: task, metrics }) => {
      const valueOf = (model: string) =>
        rows.find((row) => row.task === task && row.model === model)?.metrics[metrics[0]!];
      const values = ofSetting.flatMap(({ name, base }) =>
        valueOf(name) === undefined ? [] : [{ base, value: valueOf(name)! }],
      );
      const highest = Math.max(...values.map(({ value }) => value));
      const first = values.filter(({ value }) => value === highest).map(({ base }) => base);
      return values.length < 2 ? [] : [`${task} ${first.join(' = ')}`];
    });
    return best.length === 0 ? [] : [`best ${setting}: ${best.join(', ')}`];
  });
}
