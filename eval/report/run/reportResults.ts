import { html, type Html } from '../page/html.js';
import { describeMetric } from '../../measure/metrics.js';
import { barChart } from '../chart/barChart.js';
import { key, scrolling } from '../page/formats.js';
import type { ResultRow } from '../../score/reportData.js';

/**
 * Results of a run: a table of means, a chart for each task, what the metrics are.
 * @param places  which series colour each model has
 */
export function resultsContent(rows: readonly ResultRow[], places: ReadonlyMap<string, number>): Html {
  if (rows.length === 0) return html`<p>No task was evaluated.</p>`;
  const tasks = distinct(rows.map(({ task }) => task));
  const metrics = distinct(rows.flatMap((row) => Object.keys(row.metrics)));
  const table = html`<table>
    <caption>
      <span>Mean over all judged queries; the best of each task in bold.</span>
    </caption>
    <thead>
      <tr>
        <th scope="col">Task</th>
        <th scope="col">Model</th>
        ${metrics.map((name) => html`<th scope="col" class="number">${name}</th>`)}
      </tr>
    </thead>
    ${tasks.map((task) =>
      taskBody(
        rows.filter((row) => row.task === task),
        metrics,
        places,
      ),
    )}
  </table>`;
  return html`${scrolling('results', table)} ${bars(rows, tasks, places)}
    <p class="note">${metrics.map((name) => html`<strong>${name}</strong>: ${describeMetric(name)}. `)}</p>`;
}

function taskBody(rows: readonly ResultRow[], metrics: readonly string[], places: ReadonlyMap<string, number>): Html {
  const best = new Map(metrics.map((name) => [name, Math.max(...rows.map((row) => row.metrics[name] ?? -Infinity))]));
  const cell = (row: ResultRow, name: string) => {
    const value = row.metrics[name];
    if (value === undefined) return html`<td class="number">${row.note ?? '–'}</td>`;
    const isBest = rows.length > 1 && value === best.get(name);
    const shown = value.toFixed(4);
    return html`<td class="number">${isBest ? html`<strong>${shown}</strong>` : shown}</td>`;
  };
  return html`<tbody>
    ${rows.map(
      (row, index) =>
        html`<tr>
          ${index === 0 ? html`<th scope="rowgroup" rowspan="${rows.length}">${row.task}</th>` : null}
          <th scope="row">${key(places.get(row.model)!)}${row.model}</th>
          ${metrics.map((name) => cell(row, name))}
        </tr>`,
    )}
  </tbody>`;
}

function bars(rows: readonly ResultRow[], tasks: readonly string[], places: ReadonlyMap<string, number>): Html {
  const scored = rows.filter(({ note }) => note === undefined);
  const first = (row: ResultRow) => Object.values(row.metrics)[0] ?? 0;
  const largest = Math.max(...scored.map(first));
  return html`<div class="charts" style="margin-top: 1.5rem">
    ${tasks.flatMap((task, index) => {
      const ofTask = scored.filter((row) => row.task === task);
      if (ofTask.length === 0) return [];
      const metric = Object.keys(ofTask[0]!.metrics)[0] ?? '';
      const values = ofTask.map((row) => ({ name: row.model, value: first(row), place: places.get(row.model)! }));
      const told = values.map(({ name, value }) => `${name} ${value.toFixed(4)}`).join(', ');
      return html`<figure>
        <figcaption>${task}, ${metric}</figcaption>
        ${barChart(`bars-${index}`, `${metric} on ${task}: ${told}`, values, largest)}
      </figure>`;
    })}
  </div>`;
}

const distinct = (names: readonly string[]) => [...new Set(names)];
