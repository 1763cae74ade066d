import { describeFamilies, isShown, level } from '../../statistics/differences.js';
import { groupMean, rowOf, settings, type Comparison } from '../comparison/comparison.js';
import { contendersOf, ranksOf } from '../comparison/contenders.js';
import { taskGroups } from '../comparison/taskGroups.js';

/** Results as aligned lines for the screen: a row a model, a column a task, with the marks of the page. */
export function comparisonTable(comparison: Comparison): string {
  const { models, tasks, differences, baseline } = comparison;
  const groups = taskGroups
    .map((group) => tasks.filter((task) => task.group === group))
    .filter((own) => own.length > 0);
  const columns = groups.flatMap((own) => [
    ...own.map((task) => ({
      title: [task.name, task.metrics[0]!],
      of: (model: string) => rowOf(comparison, model, task.name)?.metrics[task.metrics[0]!],
      mark: (model: string) => {
        const found = differences.find((each) => each.model === model && each.task === task.name);
        return !found || !isShown(found) ? ' ' : found.difference > 0 ? '+' : '-';
      },
    })),
    ...(own.length < 2
      ? []
      : [
          {
            title: [`mean of ${own.length}`, own[0]!.group],
            of: (model: string) => groupMean(comparison, model, own) ?? undefined,
            mark: () => ' ',
          },
        ]),
  ]);
  const best = columns.map(({ of }) => {
    const values = models.flatMap(({ name, setting }) => (setting === 'Published by others' ? [] : (of(name) ?? [])));
    return values.length < 2 ? undefined : Math.max(...values);
  });
  const rows = settings.flatMap((setting) =>
    models
      .filter((model) => model.setting === setting)
      .map(({ name }) => [
        name,
        setting.toLowerCase(),
        ...columns.map(({ of, mark }, index) => {
          const value = of(name);
          return value === undefined
            ? '-  '
            : `${value.toFixed(4)}${value === best[index] && setting !== 'Published by others' ? '*' : ' '}${mark(name)}`;
        }),
      ]),
  );
  const heads = [0, 1].map((line) => [
    line === 0 ? 'model' : '',
    '',
    ...columns.map(({ title }) => `${title[line]!}  `),
  ]);
  const legend =
    differences.length === 0
      ? ['* best']
      : [
          `* best; + better, - worse than ${baseline} beyond chance (p < ${level}, Holm), else no difference is shown`,
          `tested ${describeFamilies(differences)}`,
        ];
  return [wrapped(heads, rows), ...legend, ...standingLines(comparison)].join('\n');
}

/** Which models may be the best, and the ranks of each. */
function standingLines({ stability }: Comparison): string[] {
  if (!stability) return [];
  const { models, standings, tasks } = stability;
  const { best, others } = contendersOf(stability);
  const order = [...models.keys()].sort((one, other) => standings[other]!.mean - standings[one]!.mean);
  return [
    `best by the mean over ${tasks.length === 1 ? tasks[0]! : `${tasks.length} tasks`}: ${best}; ` +
      (others.length === 0
        ? `every other model is shown to be worse (p < ${level} over all pairs)`
        : `not shown to be worse (p < ${level} over all pairs): ${others.join(', ')}`),
    `ranks in 95 of 100 samples of queries: ${order.map((place) => `${models[place]} ${ranksOf(standings[place]!, '-')}`).join(', ')}`,
  ];
}

/** Columns that do not fit beside one another go below, under the names of the models again. */
function wrapped(heads: string[][], rows: string[][], lineWidth = 110): string {
  const all = [...heads, ...rows];
  const widths = heads[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: string[], columns: number[]) =>
    [0, 1, ...columns]
      .map((column) => (column < 2 ? row[column]!.padEnd(widths[column]!) : row[column]!.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  const fixed = widths[0]! + widths[1]! + 2;
  const blocks: number[][] = [[]];
  let used = fixed;
  for (let column = 2; column < widths.length; column++) {
    if (used + 2 + widths[column]! > lineWidth && blocks.at(-1)!.length > 0) {
      blocks.push([]);
      used = fixed;
    }
    blocks.at(-1)!.push(column);
    used += 2 + widths[column]!;
  }
  return blocks.map((columns) => all.map((row) => line(row, columns)).join('\n')).join('\n\n');
}
