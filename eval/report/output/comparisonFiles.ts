import { describeFamilies, isShown, level, type Difference } from '../../statistics/differences.js';
import { rowOf, settings, groupMean, type Comparison } from '../comparison/comparison.js';
import { csvLine } from '../page/csv.js';
import { taskGroups } from '../comparison/taskGroups.js';

/** The numbers of a comparison for other programs: everything on its page but curves and single queries. */
export function comparisonJson(comparison: Comparison) {
  const { title, objections, notes, models, rows, baseline, differences, fields, stability } = comparison;
  return {
    title,
    comparable: objections.length === 0,
    objections,
    notes,
    baseline,
    models: models.map(({ contract: _, ...model }) => model),
    results: rows.map(({ task, model, metrics, spread, queries, runs }) => ({
      task,
      model,
      queries,
      metrics,
      ...(spread && { spread }),
      ...(runs !== undefined && { runs }),
    })),
    averages: comparison.averages,
    means: taskGroups.flatMap((group) => {
      const tasks = comparison.tasks.filter((task) => task.group === group);
      if (tasks.length < 2) return [];
      return models.flatMap(({ name }) => {
        const mean = groupMean(comparison, name, tasks);
        return mean === null ? [] : [{ group, tasks: tasks.length, model: name, mean }];
      });
    }),
    differences,
    fields,
    stability,
  };
}

/** Every mean: one a line. */
export const resultsCsv = ({ rows, models }: Comparison): string =>
  csvLine(['model', 'setting', 'task', 'metric', 'value', 'seed_deviation', 'queries', 'runs']) +
  rows
    .flatMap(({ model, task, metrics, spread, queries, runs }) =>
      Object.entries(metrics).map(([metric, value]) =>
        csvLine([
          model,
          models.find(({ name }) => name === model)!.setting,
          task,
          metric,
          value,
          spread?.[metric],
          queries || undefined,
          runs,
        ]),
      ),
    )
    .join('');

const differenceColumns = [
  'model',
  'baseline',
  'task',
  'metric',
  'queries',
  'difference',
  'low',
  'high',
  'p',
  'pHolm',
  'family',
  'tests',
  'pT',
  'effectSize',
  'detectable',
  'wins',
  'ties',
  'losses',
] as const satisfies (keyof Difference)[];

/** Every test: one a line. */
export const differencesCsv = ({ differences }: Comparison): string =>
  csvLine(differenceColumns) +
  differences.map((difference) => csvLine(differenceColumns.map((column) => difference[column]))).join('');

/** The result table for a paper: a LaTeX tabular with booktabs for each group of tasks. */
export function resultsLatex(comparison: Comparison): string {
  const scored = comparison.models.filter(({ setting }) => setting !== 'Published by others');
  const lines = ['% needs \\usepackage{booktabs}; metrics times 100'];
  for (const group of taskGroups) {
    const tasks = comparison.tasks.filter((task) => task.group === group);
    if (tasks.length === 0) continue;
    const hasMean = tasks.length > 1;
    const columns = tasks.length + (hasMean ? 1 : 0);
    const best = (values: (number | null | undefined)[]) => Math.max(...values.map((value) => value ?? -Infinity));
    const firsts = tasks.map(({ name, metrics }) => ({
      name,
      best: best(scored.map((model) => rowOf(comparison, model.name, name)?.metrics[metrics[0]!])),
    }));
    const bestMean = best(scored.map((model) => groupMean(comparison, model.name, tasks)));
    lines.push('', `% ${group}`, `\\begin{tabular}{l${'r'.repeat(columns)}}`, '\\toprule');
    lines.push(row(['Model', ...tasks.map(({ name }) => escaped(name)), ...(hasMean ? ['Mean'] : [])]));
    lines.push(row(['', ...tasks.map(({ metrics }) => escaped(metrics[0]!)), ...(hasMean ? [''] : [])]));
    for (const setting of settings) {
      const models = comparison.models.filter(
        (model) => model.setting === setting && tasks.some(({ name }) => rowOf(comparison, model.name, name)),
      );
      if (models.length === 0) continue;
      lines.push('\\midrule', `\\multicolumn{${columns + 1}}{l}{\\emph{${setting}}} \\\\`);
      for (const { name } of models)
        lines.push(
          row([
            escaped(name),
            ...tasks.map((task, index) => {
              const value = rowOf(comparison, name, task.name)?.metrics[task.metrics[0]!];
              return shown(value, firsts[index]!.best, markOf(comparison, name, task.name));
            }),
            ...(hasMean ? [shown(groupMean(comparison, name, tasks), bestMean, '')] : []),
          ]),
        );
    }
    lines.push('\\bottomrule', '\\end{tabular}');
  }
  const { differences, baseline } = comparison;
  if (differences.length > 0)
    lines.push(
      `% \\dagger{} better, \\ddagger{} worse than ${baseline}: randomisation test, p < ${level} by Holm's method`,
      `% ${describeFamilies(differences)}; without a mark no difference is shown`,
    );
  return `${lines.join('\n')}\n`;
}

const row = (cells: readonly string[]) => `${cells.join(' & ')} \\\\`;

function shown(value: number | null | undefined, best: number, mark: string): string {
  if (value === null || value === undefined) return '--';
  const digits = (100 * value).toFixed(2);
  return (value === best ? `\\textbf{${digits}}` : digits) + mark;
}

function markOf({ differences }: Comparison, model: string, task: string): string {
  const found = differences.find((difference) => difference.model === model && difference.task === task);
  if (!found || !isShown(found)) return '';
  return found.difference > 0 ? '$^\\dagger$' : '$^\\ddagger$';
}

const escaped = (text: string) => text.replace(/[\\~^]/g, ' ').replace(/[&%$#_{}]/g, (character) => `\\${character}`);
