import { lineChart, type ChartCurve } from '../../../eval/report/chart/lineChart.js';
import { html, type Html } from '../../../eval/report/page/html.js';
import { pageShell } from '../../../eval/report/page/pageShell.js';
import { scrolling, signed } from '../../../eval/report/page/formats.js';
import type { HistoryEntry } from '../history.js';

/** A plan's history as one HTML file that needs nothing else: scores over time, and every decision with its numbers. */
export function historyPage(plan: string, about: string, history: readonly HistoryEntry[]): string {
  const judged = history.filter(({ decision }) => decision !== undefined);
  const tasks = [...new Set(judged.flatMap(({ decision }) => decision!.results.map(({ task }) => task)))];
  const promoted = history.filter(({ outcome }) => outcome === 'promoted').length;
  const summary = `${judged.length} challengers were judged, ${promoted} promoted.`;
  return pageShell({
    title: `Retraining ${plan}`,
    header: [html`<p>${about}</p>`, html`<p>${summary}</p>`],
    sections: [
      ...tasks.map((task, index) => ({
        id: `scores-${index}`,
        heading: `Scores on ${task}`,
        content: chartOf(task, index, judged),
      })),
      { id: 'decisions', heading: 'Decisions', content: decisions(history, tasks) },
    ],
  });
}

/** Challengers by the order in which they were judged, and the champion of each time. */
function chartOf(task: string, place: number, judged: readonly HistoryEntry[]): Html {
  const results = judged.flatMap((entry, order) => {
    const result = entry.decision!.results.find((one) => one.task === task);
    return result === undefined ? [] : [{ ...result, order: order + 1, isPromoted: entry.outcome === 'promoted' }];
  });
  const inUse = results.map(({ order, challenger, champion, isPromoted }): [number, number] => [
    order,
    isPromoted || champion === null ? challenger : champion,
  ]);
  const curves: ChartCurve[] = [
    { name: 'in use after the decision', place: 0, points: inUse },
    { name: 'challenger', place: 1, points: results.map(({ order, challenger }) => [order, challenger]) },
    ...(['low', 'high'] as const).map((end, at) => ({
      name: `${end === 'low' ? 'least' : 'most'} of its interval`,
      place: 2 + at,
      isBackground: true,
      points: results.flatMap(({ order, champion, difference }): [number, number][] =>
        champion === null || difference === null ? [] : [[order, champion + difference[end]]],
      ),
    })),
  ];
  const drawn = curves.filter(({ points }) => points.length > 0);
  return lineChart(`chart-${place}`, `Scores of challengers and champions on ${task}`, 'judged', drawn);
}

function decisions(history: readonly HistoryEntry[], tasks: readonly string[]): Html {
  const cell = (entry: HistoryEntry, task: string): Html => {
    const result = entry.decision?.results.find((one) => one.task === task);
    if (result === undefined) return html`<td></td>`;
    const { challenger, difference } = result;
    const against =
      difference === null
        ? ''
        : ` (${signed(difference.difference)}, ${signed(difference.low)} to ${signed(difference.high)})`;
    return html`<td>${challenger.toFixed(4)}${against}</td>`;
  };
  return scrolling(
    'decisions',
    html`<table>
      <thead>
        <tr>
          <th scope="col">Time (UTC)</th>
          <th scope="col">Run</th>
          <th scope="col">Outcome</th>
          <th scope="col">Rows</th>
          <th scope="col">New</th>
          ${tasks.map((task) => html`<th scope="col">${task}</th>`)}
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        ${[...history].reverse().map(
          (entry) =>
            html`<tr>
              <td>${entry.time.slice(0, 16).replace('T', ' ')}</td>
              <th scope="row">${entry.run}</th>
              <td>${entry.outcome}</td>
              <td>${entry.data === undefined ? '' : String(entry.data.rows)}</td>
              <td>${entry.data === undefined ? '' : String(entry.data.added)}</td>
              ${tasks.map((task) => cell(entry, task))}
              <td>${entry.why}</td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}
