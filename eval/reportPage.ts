import { differences, tunedAgainstBase, type Difference } from './differences.js';
import { html, Html } from './html.js';
import { describeMetric } from './metrics.js';
import { barChart, lineChart } from './reportCharts.js';
import type { ReportData, ResultRow } from './reportData.js';
import { reportStyle } from './reportStyle.js';

/** A report as one HTML file that needs nothing else: no script, no network. */
export function reportPage(data: ReportData): string {
  const tests = differences(data.results, data.pairs ?? [tunedAgainstBase]);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${data.title}</title>
        <style>
          ${new Html(reportStyle)}
        </style>
      </head>
      <body>
        <header>
          <p class="kicker">tercet report</p>
          <h1>${data.title}</h1>
          ${(data.warnings ?? []).map((warning) => html`<p class="warning" role="note">${warning}</p>`)} ${leads(tests)}
          ${facts(data.facts)}
        </header>
        <main>${results(data.results)} ${testsSection(tests)} ${training(data)} ${contract(data)}</main>
      </body>
    </html> `;
  return page.markup;
}

/** One sentence for each pair of models: what the tests say. */
function leads(tests: readonly Difference[]): Html[] {
  const pairs = new Set(tests.map(({ model, baseline }) => `${model} against ${baseline}`));
  return [...pairs].map((pair) => {
    const own = tests.filter(({ model, baseline }) => `${model} against ${baseline}` === pair);
    const better = own.filter(({ difference }) => difference > 0).length;
    const sure = own.filter(({ pHolm }) => pHolm < 0.05).length;
    const tasks = own.length === 1 ? 'the one task' : `${better} of ${own.length} tasks`;
    const verdict = own.length === 1 ? (better ? 'better on' : 'not better on') : 'better on';
    return html`<p class="lead">
      ${pair}: ${verdict} ${tasks};
      ${sure === 0 ? 'no difference is' : sure === 1 ? 'one difference is' : `${sure} differences are`} beyond chance (p
      &lt; 0.05, Holm).
    </p>`;
  });
}

function facts(rows: ReportData['facts']): Html | null {
  if (rows.length === 0) return null;
  return html`<dl class="facts">
    ${rows.map(
      ([label, value]) =>
        html`<div>
          <dt>${label}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function results(rows: readonly ResultRow[]): Html {
  if (rows.length === 0)
    return html`<h2>Results</h2>
      <p>No task was evaluated.</p>`;
  const tasks = distinct(rows.map(({ task }) => task));
  const metrics = distinct(rows.flatMap((row) => Object.keys(row.metrics)));
  const models = distinct(rows.map(({ model }) => model));
  return html`<section>
    <h2 id="results">Results</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="results">
      <table>
        <caption>
          Mean over all judged queries; the best of each task in bold.
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
            models,
          ),
        )}
      </table>
    </div>
    ${bars(rows, tasks, models)}
    <p class="note">${metrics.map((name) => html`<strong>${name}</strong>: ${describeMetric(name)}. `)}</p>
  </section>`;
}

function taskBody(rows: readonly ResultRow[], metrics: readonly string[], models: readonly string[]): Html {
  const best = new Map(metrics.map((name) => [name, Math.max(...rows.map((row) => row.metrics[name] ?? -Infinity))]));
  const cell = (row: ResultRow, name: string) => {
    const value = row.metrics[name];
    if (value === undefined) return html`<td class="number">–</td>`;
    const isBest = rows.length > 1 && value === best.get(name);
    const shown = value.toFixed(4);
    return html`<td class="number">${isBest ? html`<strong>${shown}</strong>` : shown}</td>`;
  };
  return html`<tbody>
    ${rows.map(
      (row, place) =>
        html`<tr>
          ${place === 0 ? html`<th scope="rowgroup" rowspan="${rows.length}">${row.task}</th>` : null}
          <th scope="row">${key(models.indexOf(row.model))}${row.model}</th>
          ${metrics.map((name) => cell(row, name))}
        </tr>`,
    )}
  </tbody>`;
}

const key = (place: number) =>
  html`<span class="key" style="background: var(--series-${place % 8})" aria-hidden="true"></span>`;

function bars(rows: readonly ResultRow[], tasks: readonly string[], models: readonly string[]): Html {
  const first = (row: ResultRow) => Object.values(row.metrics)[0] ?? 0;
  const largest = Math.max(...rows.map(first));
  return html`<div class="charts" style="margin-top: 1.5rem">
    ${tasks.map((task, place) => {
      const own = rows.filter((row) => row.task === task);
      const metric = Object.keys(own[0]!.metrics)[0] ?? '';
      const values = own.map((row) => ({ name: row.model, value: first(row), place: models.indexOf(row.model) }));
      const told = values.map(({ name, value }) => `${name} ${value.toFixed(4)}`).join(', ');
      return html`<figure>
        <figcaption>${task}, ${metric}</figcaption>
        ${barChart(`bars-${place}`, `${metric} on ${task}: ${told}`, values, largest)}
      </figure>`;
    })}
  </div>`;
}

function testsSection(tests: readonly Difference[]): Html | null {
  if (tests.length === 0) return null;
  return html`<section>
    <h2 id="tests">Are the differences more than chance?</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="tests">
      <table class="dense">
        <caption>
          Query by query: the mean difference, the 95 % interval in which it would lie on other queries of this kind,
          and how likely a difference of this size is if the two were equal.
        </caption>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Compared</th>
            <th scope="col">Metric</th>
            <th scope="col" class="number">Difference</th>
            <th scope="col" class="number">95 % interval</th>
            <th scope="col" class="number">p</th>
            <th scope="col" class="number">p (Holm)</th>
            <th scope="col" class="number">Better / same / worse</th>
          </tr>
        </thead>
        <tbody>
          ${tests.map(
            (test) =>
              html`<tr>
                <th scope="row">${test.task}</th>
                <td class="name">${test.model} − ${test.baseline}</td>
                <td>${test.metric}</td>
                <td class="number ${test.pHolm < 0.05 ? (test.difference > 0 ? 'better' : 'worse') : ''}">
                  ${signed(test.difference)}
                </td>
                <td class="number">${signed(test.low)} to ${signed(test.high)}</td>
                <td class="number">${probability(test.p)}</td>
                <td class="number">${probability(test.pHolm)}</td>
                <td class="number">${test.wins} / ${test.ties} / ${test.losses}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="note">
      p: paired randomisation test, two-sided, 10,000 random sign changes (all of them up to 13 queries that differ).
      Interval: percentile bootstrap, 10,000 samples. p (Holm): raised for the number of differences in this table; a
      difference is in colour where it is below 0.05.
    </p>
  </section>`;
}

function training(data: ReportData): Html | null {
  const curves = (data.curves ?? [{ name: 'run', steps: data.steps }]).filter(({ steps }) => steps.length > 0);
  if (curves.length === 0) return null;
  const chart = (id: string, title: string, field: 'loss' | 'learningRate') => {
    const ends = curves.map(
      ({ name, steps }) => `${name} from ${short(steps[0]![field])} to ${short(steps.at(-1)![field])}`,
    );
    return html`<figure>
      <figcaption>${title}</figcaption>
      ${lineChart(
        id,
        `${title} by update: ${ends.join(', ')}`,
        'update',
        curves.map(({ name, steps }) => ({ name, points: steps.map((step) => [step.step, step[field]]) })),
      )}
    </figure>`;
  };
  return html`<section>
    <h2>Training</h2>
    <div class="charts">${chart('loss', 'Loss, nats', 'loss')} ${chart('rate', 'Learning rate', 'learningRate')}</div>
  </section>`;
}

function contract(data: ReportData): Html | null {
  if (!data.contract) return null;
  return html`<section>
    <h2 id="contract">Contract</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="contract">
      <table>
        <caption>
          What makes these embeddings comparable with others: only models with the same values here may be searched
          together.
        </caption>
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          ${Object.entries(data.contract).map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td><code>${JSON.stringify(value)}</code></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

const distinct = (names: readonly string[]) => [...new Set(names)];
const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
const probability = (p: number) => (p < 0.00005 ? '< 0.0001' : p.toFixed(4));
const short = (value: number) => String(Number(value.toPrecision(3)));
