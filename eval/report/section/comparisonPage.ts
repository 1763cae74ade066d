import { describeFamilies, isShown, level, type Difference } from '../../statistics/differences.js';
import { html, type Html } from '../page/html.js';
import { describeMetric } from '../../measure/metrics.js';
import { seriesPlaces } from '../chart/seriesPlaces.js';
import { settings, type Comparison } from '../comparison/comparison.js';
import { costSection } from './costSection.js';
import { differencesSection, methodsNote } from './differencesSection.js';
import { fieldsSection } from './fieldsSection.js';
import { pageShell, type PageSection } from '../page/pageShell.js';
import { queriesScript } from './queriesScript.js';
import { queriesSection } from './queriesSection.js';
import type { QueryView } from '../comparison/queries/queryView.js';
import { averagesTable, resultsTables } from './resultsTable.js';
import { stabilitySection, standingLead } from './stabilitySection.js';
import { trainingSection } from './trainingSection.js';

/** A comparison as one HTML file that needs nothing else: no network, no fonts, one small script of its own. */
export function comparisonPage(comparison: Comparison, view: QueryView): string {
  const names = [...comparison.models.map(({ name }) => name), ...comparison.curves.map(({ model }) => model)];
  const places = seriesPlaces([...new Set(names)]);
  const { differences, stability, curves } = comparison;
  const cost = costSection(comparison, places);
  const fields = fieldsSection(comparison);
  const hasQueries = view.queries.length > 0;
  const sections: PageSection[] = [
    { id: 'results', heading: 'Results', content: results(comparison, places) },
    ...(differences.length > 0
      ? [
          {
            id: 'tests',
            heading: 'Differences',
            content: html`${differencesSection(comparison, places)} ${methodsNote(differences)}`,
          },
        ]
      : []),
    ...(stability ? [{ id: 'ranking', heading: 'Ranking', content: stabilitySection(stability, places) }] : []),
    ...(hasQueries ? [{ id: 'single', heading: 'Queries', content: queriesSection(view) }] : []),
    ...(curves.length > 0
      ? [
          {
            id: 'training',
            heading: 'Training',
            content: trainingSection(curves.map((curve) => ({ ...curve, place: places.get(curve.model)! }))),
          },
        ]
      : []),
    ...(cost ? [{ id: 'cost', heading: 'Cost', content: cost }] : []),
    ...(fields ? [{ id: 'fields', heading: 'What differs', content: fields }] : []),
    { id: 'models', heading: 'Models', content: models(comparison) },
  ];
  return pageShell({
    title: comparison.title,
    header: [...banner(comparison), ...(stability ? [standingLead(stability)] : []), ...leads(comparison)],
    sections,
    ...(hasQueries && { script: queriesScript, data: view }),
  });
}

function banner({ objections, notes }: Comparison): Html[] {
  const notices = notes.map((note) => html`<p class="notice" role="note">${note}</p>`);
  if (objections.length === 0) return notices;
  return [
    html`<div class="warning" role="note">
      <p><strong>This is not a comparison of bases:</strong> more than the base differs, so nothing is tested.</p>
      <ul>
        ${objections.map((objection) => html`<li>${objection}</li>`)}
      </ul>
    </div>`,
    ...notices,
  ];
}

/** What the tests say of each model, in a sentence. */
function leads({ differences, baseline }: Comparison): Html[] {
  const models = [...new Set(differences.map(({ model }) => model))];
  if (models.length === 0) return [];
  const lines = models.map((model) =>
    verdict(
      model,
      differences.filter((difference) => difference.model === model),
    ),
  );
  return [
    html`<p class="lead">
      Against <strong>${baseline}</strong>, beyond chance (p &lt; ${level}, Holm; tested
      ${describeFamilies(differences)}):
    </p>`,
    html`<ul class="lead">
      ${lines}
    </ul>`,
  ];
}

function verdict(model: string, ofModel: readonly Difference[]): Html {
  const sure = ofModel.filter(isShown);
  const better = sure.filter(({ difference }) => difference > 0).length;
  const tasks = ofModel.length === 1 ? 'the one task' : `${ofModel.length} tasks`;
  const says = [
    better > 0 ? `better on ${better}` : '',
    sure.length > better ? `worse on ${sure.length - better}` : '',
    ofModel.length > sure.length ? `no difference shown on ${ofModel.length - sure.length}` : '',
  ].filter((part) => part !== '');
  return html`<li><strong>${model}</strong>: ${says.join(', ')} of ${tasks}</li>`;
}

function results(comparison: Comparison, places: ReadonlyMap<string, number>): Html {
  const metrics = [...new Set(comparison.tasks.flatMap((task) => task.metrics))];
  const hasSeeds = comparison.rows.some(({ spread }) => spread !== undefined);
  const hasPublished = comparison.models.some(({ setting }) => setting === 'Published by others');
  return html`<p class="note">
      The best of each column is <strong>bold</strong>.${
        comparison.differences.length > 0
          ? html` ▲ better, ▼ worse than <strong>${comparison.baseline}</strong> beyond chance.`
          : null
      }${hasSeeds ? ' ± is the standard deviation between runs of different seeds.' : ''}${
        hasPublished
          ? ' Published figures are not ours: they are shown without tests, and may rest on other settings.'
          : ''
      }
    </p>
    ${averagesTable(comparison, places)} ${resultsTables(comparison, places)}
    <details>
      <summary>What the metrics are</summary>
      <dl class="terms">
        ${metrics.map(
          (name) =>
            html`<dt>${name}</dt>
              <dd>${describeMetric(name)}</dd>`,
        )}
      </dl>
    </details>`;
}

function models(comparison: Comparison): Html {
  return html`<dl class="terms">
    ${settings.flatMap((setting) =>
      comparison.models
        .filter((model) => model.setting === setting)
        .map(
          ({ name, about, runs }) =>
            html`<dt>${name}</dt>
              <dd>${setting}. ${about}${runs.length > 1 ? ` (runs ${runs.join(', ')})` : ''}</dd>`,
        ),
    )}
  </dl>`;
}
