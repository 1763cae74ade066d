import { html, type Html } from '../page/html.js';
import type { Stability } from '../comparison/comparison.js';
import { level } from '../../statistics/differences.js';
import { contendersOf, ranksOf } from '../comparison/contenders.js';
import { key, probability, scrolling } from '../page/formats.js';

/** How firm the ranking is: shares of ranks over samples of queries, and how alike the tasks rank the models. */
export function stabilitySection(stability: Stability, places: ReadonlyMap<string, number>): Html {
  const { models, tasks, taus, ranks, standings } = stability;
  const order = models.map((_, index) => index).sort((one, other) => standings[other]!.mean - standings[one]!.mean);
  return html`${scrolling(
    'ranking',
    html`<table class="dense">
      <caption>
        <span
          >How often each model came at each rank by its mean over
          ${tasks.length === 1 ? tasks[0]! : `${tasks.length} tasks`}, when the queries were drawn anew 1,000 times.
          Ranks (95 %): between which it then came in 95 of 100. p: of being as good as the best, by the randomisation
          test over all queries, raised for the number of pairs of models.</span
        >
      </caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col" class="number">Mean</th>
          <th scope="col" class="number">Ranks (95 %)</th>
          <th scope="col" class="number">p, as good as the best</th>
          <th scope="col" class="number">Mean rank</th>
          ${models.map((_, rank) => html`<th scope="col" class="number">Rank ${rank + 1}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${order.map(
          (place) =>
            html`<tr>
              <th scope="row">${key(places.get(models[place]!)!)}${models[place]!}</th>
              <td class="number">${standings[place]!.mean.toFixed(4)}</td>
              <td class="number">${ranksOf(standings[place]!)}</td>
              <td class="number">
                ${standings[place]!.pBest === null ? 'the best' : probability(standings[place]!.pBest)}
              </td>
              <td class="number">${ranks.meanRanks[place]!.toFixed(2)}</td>
              ${ranks.shares[place]!.map(
                (share) => html`<td class="number share" style="--share: ${share.toFixed(3)}">${percent(share)}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>`,
  )}
  ${agreement(tasks, taus)}`;
}

/** Which models may be the best, in a sentence. */
export function standingLead(stability: Stability): Html {
  const { best, others } = contendersOf(stability);
  const { models, standings, tasks } = stability;
  const named = (name: string) =>
    html`<strong>${name}</strong> (${rankWords(ranksOf(standings[models.indexOf(name)]!))})`;
  return html`<p class="lead">
    Best by the mean over ${tasks.length === 1 ? tasks[0]! : `${tasks.length} tasks`}: ${named(best)}.
    ${
      others.length === 0
        ? 'Every other model is shown to be worse'
        : html`Not shown to be worse: ${others.map((name, index) => html`${index > 0 ? ', ' : ''}${named(name)}`)}`
    }
    (p &lt; ${level} over all pairs; ranks in 95 of 100 samples of queries).
  </p>`;
}

const rankWords = (ranks: string) => `${ranks.includes('–') ? 'ranks' : 'rank'} ${ranks}`;

/** What Kendall's tau says of the tasks, in words and, for a few tasks, as a table. */
function agreement(tasks: readonly string[], taus: Stability['taus']): Html | null {
  const pairs = tasks.flatMap((one, i) => tasks.slice(0, i).map((other, j) => ({ one, other, tau: taus[i]![j]! })));
  const known = pairs.flatMap(({ tau, ...rest }) => (tau === null ? [] : [{ tau, ...rest }]));
  if (known.length === 0) return null;
  const sorted = [...known].sort((one, other) => one.tau - other.tau);
  const [least, greatest] = [sorted[0]!, sorted.at(-1)!];
  const mean = known.reduce((sum, { tau }) => sum + tau, 0) / known.length;
  return html`<p>
      Do the tasks rank the models alike? Kendall's τ between the rankings of two tasks (1 the same, 0 unrelated, −1
      reversed) is ${coefficient(mean)} on
      average${
        known.length === 1
          ? null
          : html`; least alike are ${least.one} and ${least.other} (${coefficient(least.tau)}), most alike
            ${greatest.one} and ${greatest.other} (${coefficient(greatest.tau)})`
      }.
    </p>
    ${tasks.length > mostTasks || tasks.length < 3 ? null : tauTable(tasks, taus)}`;
}

const mostTasks = 10;

function tauTable(tasks: readonly string[], taus: Stability['taus']): Html {
  return html`<details>
    <summary>τ of each pair of tasks</summary>
    ${scrolling(
      'ranking',
      html`<table class="dense">
        <caption>
          <span>Kendall's τ-b between the rankings that two tasks give.</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Task</th>
            ${tasks.map((task) => html`<th scope="col" class="number">${task}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${tasks.map(
            (task, i) =>
              html`<tr>
                <th scope="row">${task}</th>
                ${tasks.map((_, j) => {
                  const tau = taus[i]![j] ?? null;
                  return html`<td class="number">${i === j || tau === null ? '–' : coefficient(tau)}</td>`;
                })}
              </tr>`,
          )}
        </tbody>
      </table>`,
    )}
  </details>`;
}

const percent = (share: number) => (share === 0 ? '–' : share < 0.005 ? '< 1 %' : `${Math.round(100 * share)} %`);

const coefficient = (tau: number) => `${tau < 0 ? '−' : ''}${Math.abs(tau).toFixed(2)}`;
