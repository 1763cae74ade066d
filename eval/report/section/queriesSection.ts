import { html, type Html } from '../page/html.js';
import type { QueryView } from '../comparison/queries/queryView.js';

/** The form by which a reader picks two models and sees the queries that one wins and the other loses. */
export function queriesSection({ models, tasks }: QueryView): Html {
  const counts = new Set(tasks.map(({ perPair }) => perPair));
  const bound = counts.size === 1 ? [...counts][0]! : `${Math.min(...counts)} to ${Math.max(...counts)}`;
  return html`<p>
      Queries that one model wins and another loses, with the first passages that each found. Held here are the ${bound}
      largest differences of each pair of models, in each direction, on each task; the rest are in per-query.arrow and
      run.trec of the runs. Of a model with several seeds the score is the mean and the passages are the first run's.
    </p>
    <form class="controls" id="controls" aria-label="Which queries are shown">
      ${select('winner', 'Better', models, 0)} ${select('loser', 'Worse', models, 1)}
      <label for="task"
        >Task
        <select id="task">
          <option value="-1">all tasks</option>
          ${tasks.map(({ name }, index) => html`<option value="${index}">${name}</option>`)}
        </select>
      </label>
      <label for="order"
        >Sort by
        <select id="order">
          <option value="difference">largest difference</option>
          <option value="better">score of the better</option>
          <option value="worse">score of the worse, lowest first</option>
          <option value="text">query, A to Z</option>
        </select>
      </label>
      <label class="wide" for="words">Containing <input id="words" type="search" autocomplete="off" /></label>
      <button type="button" id="swap">Swap the models</button>
    </form>
    <p id="count" role="status" aria-live="polite"></p>
    <div id="queries"></div>
    <button type="button" id="more" hidden>Show more</button>
    <noscript><p class="note">This part needs scripts to be on; the rest of the page does not.</p></noscript>`;
}

const select = (id: string, label: string, models: readonly string[], chosen: number): Html =>
  html`<label for="${id}"
    >${label}
    <select id="${id}">
      ${models.map((model, index) =>
        index === chosen
          ? html`<option value="${index}" selected>${model}</option>`
          : html`<option value="${index}">${model}</option>`,
      )}
    </select>
  </label>`;
