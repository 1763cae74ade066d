import { differences, tunedAgainstBase, type Difference } from './differences.js';
import { html, Html } from './html.js';
import { lineChart } from './reportCharts.js';
import type { ReportData } from './reportData.js';
import { resultsSection } from './reportResults.js';
import { reportStyle } from './reportStyle.js';
import { seriesPlaces } from './seriesPlaces.js';

/** A report as one HTML file that needs nothing else: no script, no network. */
export function reportPage(data: ReportData): string {
  const tests = differences(data.results, data.pairs ?? [tunedAgainstBase]);
  const curves = data.curves?.map(({ name }) => name) ?? ['tuned'];
  const places = seriesPlaces([...new Set([...data.results.map(({ model }) => model), ...curves])]);
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
        <main>
          ${resultsSection(data.results, places)} ${testsSection(tests)} ${training(data, places)} ${contract(data)}
        </main>
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

function testsSection(tests: readonly Difference[]): Html | null {
  if (tests.length === 0) return null;
  return html`<section>
    <h2 id="tests">Are the differences more than chance?</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="tests">
      <table class="dense">
        <caption>
          <span
            >Query by query: the mean difference, the 95 % interval in which it would lie on other queries of this kind,
            and how likely a difference of this size is if the two were equal.</span
          >
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

function training(data: ReportData, places: ReadonlyMap<string, number>): Html | null {
  const curves = (data.curves ?? [{ name: 'tuned', steps: data.steps }]).filter(({ steps }) => steps.length > 0);
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
        curves.map(({ name, steps }) => ({
          name,
          place: places.get(name)!,
          points: steps.map((step) => [step.step, step[field]]),
        })),
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
          <span
            >What makes these embeddings comparable with others: only models with the same values here may be searched
            together.</span
          >
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

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
const probability = (p: number) => (p < 0.00005 ? '< 0.0001' : p.toFixed(4));
const short = (value: number) => String(Number(value.toPrecision(3)));
