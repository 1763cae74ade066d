import { describeFamilies, isShown, level, type Difference } from '../../statistics/differences.js';
import { html, type Html } from '../page/html.js';
import type { Comparison } from '../comparison/comparison.js';
import { forestChart } from '../chart/forestChart.js';
import { probability, scrolling, signed } from '../page/formats.js';

/** Plots of the differences with their intervals, and a table of all that was tested. */
export function differencesSection({ differences, baseline }: Comparison, places: ReadonlyMap<string, number>): Html {
  const models = [...new Set(differences.map(({ model }) => model))];
  const range = {
    low: Math.min(0, ...differences.map(({ low }) => low)),
    high: Math.max(0, ...differences.map(({ high }) => high)),
  };
  const margin = 0.04 * (range.high - range.low || 1);
  const padded = { low: round(range.low - margin), high: round(range.high + margin) };
  return html`<p>
      How much better (right of 0) or worse each model is than <strong>${baseline}</strong>. The line is the 95 %
      interval in which the mean difference would lie on other queries of this kind; a full mark and ▲ or ▼ say that the
      difference is beyond chance. A hollow mark says that none is shown, not that there is none: what these queries
      could have shown stands in the table under Detectable.
    </p>
    <div class="charts">
      ${models.map((model, index) => forest(model, baseline, differences, padded, index, places.get(model)!))}
    </div>
    <details>
      <summary>All ${differences.length} tests as a table</summary>
      ${differencesTable(differences)}
    </details>`;
}

function forest(
  model: string,
  baseline: string,
  differences: readonly Difference[],
  range: { low: number; high: number },
  place: number,
  colour: number,
): Html {
  const ofModel = differences.filter((difference) => difference.model === model);
  const told = ofModel.map(
    ({ task, difference, low, high, pHolm }) =>
      `${task} ${signed(difference)}, ${signed(low)} to ${signed(high)}, ${isShown({ pHolm }) ? 'beyond chance' : 'not shown'}`,
  );
  const rows = ofModel.map(({ task, pHolm, ...rest }) => ({ ...rest, name: task, isSure: isShown({ pHolm }) }));
  return html`<figure>
    <figcaption>${model} − ${baseline}</figcaption>
    ${forestChart(`forest-${place}`, `${model} less ${baseline}: ${told.join('; ')}`, rows, range, colour)}
  </figure>`;
}

/** Every test that was made, a row each. */
export function differencesTable(tests: readonly Difference[]): Html {
  return scrolling(
    'tests',
    html`<table class="dense">
      <caption>
        <span>Query by query, the first metric of each task.</span>
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
          <th scope="col" class="number">p (t-test)</th>
          <th scope="col" class="number">Effect size d<sub>z</sub></th>
          <th scope="col" class="number">Detectable</th>
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
              <td class="number ${isShown(test) ? (test.difference > 0 ? 'better' : 'worse') : ''}">
                ${signed(test.difference)}${isShown(test) ? (test.difference > 0 ? ' ▲' : ' ▼') : ''}
              </td>
              <td class="number interval">${signed(test.low)} to ${signed(test.high)}</td>
              <td class="number">${probability(test.p)}</td>
              <td class="number">${probability(test.pHolm)}</td>
              <td class="number">${probability(test.pT)}</td>
              <td class="number">${test.effectSize === null ? '–' : test.effectSize.toFixed(2)}</td>
              <td class="number">${test.detectable === null ? '–' : test.detectable.toFixed(4)}</td>
              <td class="number">${test.wins} / ${test.ties} / ${test.losses}</td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}

/** How the tests were made, for whoever repeats them. */
export const methodsNote = (tests: readonly Difference[]): Html =>
  html`<p class="note">
    p: paired randomisation test, two-sided: all sign changes up to 20 queries that differ, beyond 20,000 random ones,
    drawn by importance sampling so that p has no floor and is below a level no more often than the level says.
    Interval: percentile bootstrap over queries, 10,000 samples. p (Holm): raised for the number of tests of its family;
    what is below ${level} is marked ▲ or ▼. Asked was ${describeFamilies(tests)}. p (t-test): Student's paired t-test,
    beside it as a check. d<sub>z</sub>: mean difference over its standard deviation. Detectable: the smallest
    difference that as many queries, spread as these are, show with a chance of 80 % or more at the strictest level of
    the family, ${level} over its number of tests; – where they are too few to show any. All draws are seeded: the same
    results give the same page.
  </p>`;

const round = (value: number) => Number(value.toPrecision(2));
