import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPerQuery } from '../../eval/measure/perQuery.js';
import { bootstrapInterval, type Interval } from '../../eval/statistics/statistics.js';
import type { TableTask } from './tasks.js';

/** A mean over the queries of a task, and where it would lie on other queries of the kind. */
export interface Score extends Interval {
  mean: number;
  queries: number;
  /** Seconds from the first text to the last ranking. */
  seconds: number;
}

/** Scores of a model by task; what is not scored yet is not there. */
export interface TableRow {
  model: string;
  scores: Record<string, Score>;
}

/** Read what `npm run eval` left in a folder. */
export async function readRow(model: string, folder: string, tasks: readonly TableTask[]): Promise<TableRow> {
  const scores: TableRow['scores'] = {};
  for (const { name, metric } of tasks) {
    const summary = join(folder, name, 'metrics.json');
    if (!existsSync(summary)) continue;
    const { seconds } = JSON.parse(readFileSync(summary, 'utf8')) as { seconds: number };
    const values = [...(await readPerQuery(join(folder, name, 'per-query.arrow'))).values()].map((all) => all[metric]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    scores[name] = { mean, ...bootstrapInterval(values, { seed: 1 }), queries: values.length, seconds };
  }
  return { model, scores };
}

/** The scores in Markdown, each with its interval below it; a dash where there is none yet. */
export function markdownTable(rows: readonly TableRow[], tasks: readonly TableTask[]): string {
  const short = (value: number) => value.toFixed(3).replace(/^0/, '');
  const cell = (score: Score | undefined) =>
    score ? `${score.mean.toFixed(4).replace(/^0/, '')} (${short(score.low)} to ${short(score.high)})` : '–';
  const lines = [
    ['nDCG@10 (95 % interval)', ...tasks.map(({ title }) => title)],
    ['---', ...tasks.map(() => '---')],
    ...rows.map(({ model, scores }) => [model, ...tasks.map(({ name }) => cell(scores[name]))]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
