import { differences, tunedAgainstBase } from '../../statistics/differences.js';
import type { ReportData } from '../../score/reportData.js';

/** Results and tests as aligned lines for the screen; the best of each task and metric has a star. */
export function resultTable(data: Pick<ReportData, 'results' | 'pairs'>): string {
  const { results } = data;
  const named = [...new Set(results.flatMap((row) => Object.keys(row.metrics)))];
  const metrics = named.length > 0 ? named : ['scores'];
  const best = (task: string, name: string) => {
    const ofTask = results.filter((row) => row.task === task && row.metrics[name] !== undefined);
    return ofTask.length < 2 ? undefined : Math.max(...ofTask.map((row) => row.metrics[name]!));
  };
  const tasks = [...new Set(results.map(({ task }) => task))];
  const byTask = tasks.flatMap((task) => results.filter((row) => row.task === task));
  const rows = byTask.map(({ task, model, metrics: values, note = '-' }) => [
    task,
    model,
    ...metrics.map((name) => {
      const value = values[name];
      return value === undefined ? `${note} ` : `${value.toFixed(4)}${value === best(task, name) ? '*' : ' '}`;
    }),
  ]);
  const tests = differences(results, data.pairs ?? [tunedAgainstBase]).map((test) => [
    test.task,
    `${test.model} - ${test.baseline}`,
    test.metric,
    signed(test.difference),
    `[${signed(test.low)}, ${signed(test.high)}]`,
    probability(test.p),
    probability(test.pHolm),
    `${test.wins}/${test.ties}/${test.losses}`,
  ]);
  const parts = [align([['task', 'model', ...metrics.map((name) => `${name} `)], ...rows], 2)];
  if (tests.length > 0)
    parts.push(
      align(
        [['task', 'compared', 'metric', 'difference', '95 % interval', 'p', 'p (Holm)', 'better/same/worse'], ...tests],
        3,
      ),
    );
  return parts.join('\n\n');
}

/** Pad every column to its widest cell: the first `left` to the left, the rest to the right. */
function align(rows: string[][], left: number): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column < left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
const probability = (p: number) => (p < 0.00005 ? '<0.0001' : p.toFixed(4));
