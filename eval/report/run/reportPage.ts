import { differences, isShown, level, tunedAgainstBase, type Difference } from '../../statistics/differences.js';
import { html, type Html } from '../page/html.js';
import { differencesTable, methodsNote } from '../section/differencesSection.js';
import { scrolling } from '../page/formats.js';
import { pageShell } from '../page/pageShell.js';
import { trainingSection } from '../section/trainingSection.js';
import type { ReportData } from '../../score/reportData.js';
import { resultsContent } from './reportResults.js';
import { seriesPlaces } from '../chart/seriesPlaces.js';

/** A run's report as one HTML file that needs nothing else: no script, no network. */
export function reportPage(data: ReportData): string {
  const tests = differences(data.results, data.pairs ?? [tunedAgainstBase]);
  const curves = (data.curves ?? [{ name: 'tuned', steps: data.steps }]).filter(({ steps }) => steps.length > 0);
  const names = [...data.results.map(({ model }) => model), ...curves.map(({ name }) => name)];
  const places = seriesPlaces([...new Set(names)]);
  const drawn = curves.map(({ name, steps }) => ({ name, steps, place: places.get(name)! }));
  return pageShell({
    title: data.title,
    header: [
      ...(data.warnings ?? []).map((warning) => html`<p class="warning" role="note">${warning}</p>`),
      ...leads(tests),
      ...facts(data.facts),
    ],
    sections: [
      { id: 'results', heading: 'Results', content: resultsContent(data.results, places) },
      ...(tests.length > 0
        ? [
            {
              id: 'tests',
              heading: 'Are the differences more than chance?',
              content: html`${differencesTable(tests)} ${methodsNote(tests)}`,
            },
          ]
        : []),
      ...(drawn.length > 0
        ? [{ id: 'training', heading: 'Training', content: trainingSection(drawn, data.scores) }]
        : []),
      ...(data.contract ? [{ id: 'contract', heading: 'Contract', content: contract(data.contract) }] : []),
    ],
  });
}

/** One sentence for each pair of models: what the tests say. */
function leads(tests: readonly Difference[]): Html[] {
  const pairs = new Set(tests.map(({ model, baseline }) => `${model} against ${baseline}`));
  return [...pairs].map((pair) => {
    const ofPair = tests.filter(({ model, baseline }) => `${model} against ${baseline}` === pair);
    const better = ofPair.filter(({ difference }) => difference > 0).length;
    const sure = ofPair.filter(isShown).length;
    const tasks = ofPair.length === 1 ? 'the one task' : `${better} of ${ofPair.length} tasks`;
    const verdict = ofPair.length === 1 ? (better ? 'better on' : 'not better on') : 'better on';
    return html`<p class="lead">
      ${pair}: ${verdict} ${tasks};
      ${sure === 0 ? 'no difference is' : sure === 1 ? 'one difference is' : `${sure} differences are`} beyond chance (p
      &lt; ${level}, Holm).
    </p>`;
  });
}

function facts(rows: ReportData['facts']): Html[] {
  if (rows.length === 0) return [];
  return [
    html`<dl class="facts">
      ${rows.map(
        ([label, value]) =>
          html`<div>
            <dt>${label}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`,
  ];
}

const contract = (fields: NonNullable<ReportData['contract']>): Html =>
  scrolling(
    'contract',
    html`<table>
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
        ${Object.entries(fields).map(
          ([name, value]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td><code>${JSON.stringify(value)}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
