/**
 * What runs in the page of a comparison: it shows the queries that the reader picks from those of `QueryView`, which
 * lies in the page as JSON. Texts come to the page as text, never as markup.
 */
export const queriesScript = `
'use strict';
(() => {
  const view = JSON.parse(document.getElementById('data').textContent);
  const byId = (id) => document.getElementById(id);
  const [winner, loser, task, order, words] = ['winner', 'loser', 'task', 'order', 'words'].map(byId);
  const pageSize = 10;
  let shown = pageSize;

  const make = (name, className, ...children) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null));
    return element;
  };

  const orders = {
    difference: (one, other) => other.gain - one.gain,
    better: (one, other) => other.high - one.high || other.gain - one.gain,
    worse: (one, other) => one.low - other.low || other.gain - one.gain,
    text: (one, other) => one.query.text.localeCompare(other.query.text),
  };

  function matches() {
    const wanted = words.value.trim().toLowerCase();
    const [high, low, place] = [Number(winner.value), Number(loser.value), Number(task.value)];
    const holds = (query) =>
      wanted === '' ||
      query.text.toLowerCase().includes(wanted) ||
      [...query.tops[high], ...query.tops[low], ...query.relevant].some(([text]) =>
        view.texts[text].slice(0, 2).join(' ').toLowerCase().includes(wanted),
      );
    return view.queries
      .filter((query) => place < 0 || query.task === place)
      .map((query) => ({ query, high: query.scores[high], low: query.scores[low] }))
      .filter((each) => each.high !== null && each.low !== null)
      .map((each) => ({ ...each, gain: each.high - each.low }))
      .filter((each) => each.gain > 0 && holds(each.query))
      .sort(orders[order.value]);
  }

  const picture = (place) => {
    const { alt, source, width, height } = view.images[place];
    if (source === undefined) return make('span', 'note', '[' + alt + ']');
    const image = make('img', 'thumbnail');
    Object.assign(image, { alt, src: source, width, height });
    return image;
  };
  const pictures = (places) => (places ?? []).map(picture);

  const passage = ([place, grade], isRelevant) => {
    const [title, text, images] = view.texts[place];
    const mark = isRelevant || grade > 0 ? make('span', 'relevant', '✓ relevant' + (grade > 1 ? ', grade ' + grade : '')) : null;
    return make('li', '', mark, title ? make('b', '', title + ' ') : null, make('span', 'text', text), ...pictures(images));
  };

  const column = (model, score, tops) =>
    make(
      'div',
      'column',
      make('h4', '', view.models[model], ' ', make('span', 'score', score.toFixed(4))),
      tops.length > 0 ? make('ol', '', ...tops.map((found) => passage(found, false))) : make('p', 'note', 'found nothing'),
    );

  function card({ query, high, low, gain }) {
    const about = view.tasks[query.task];
    const missing = query.relevant.filter(
      ([text]) => ![Number(winner.value), Number(loser.value)].some((model) => query.tops[model].some(([top]) => top === text)),
    );
    return make(
      'article',
      'query',
      make('h3', '', query.text, ...pictures(query.images)),
      make('p', 'note', about.name + ', ' + about.metric + ': +' + gain.toFixed(4) + ' (query ' + query.id + ')'),
      make(
        'div',
        'columns',
        column(Number(winner.value), high, query.tops[Number(winner.value)]),
        column(Number(loser.value), low, query.tops[Number(loser.value)]),
      ),
      missing.length === 0
        ? null
        : make(
            'details',
            '',
            make('summary', '', 'Relevant, and not among the first of either'),
            make('ul', '', ...missing.map((found) => passage(found, true))),
          ),
    );
  }

  function draw() {
    const found = matches();
    byId('queries').replaceChildren(...found.slice(0, shown).map(card));
    byId('count').textContent =
      found.length === 0
        ? 'No query held here fits.'
        : found.length + (found.length === 1 ? ' query' : ' queries') + ' held here; showing ' + Math.min(shown, found.length) + '.';
    byId('more').hidden = shown >= found.length;
  }

  const restart = () => {
    shown = pageSize;
    draw();
  };
  for (const control of [winner, loser, task, order]) control.addEventListener('change', restart);
  words.addEventListener('input', restart);
  byId('controls').addEventListener('submit', (event) => event.preventDefault());
  byId('swap').addEventListener('click', () => {
    [winner.value, loser.value] = [loser.value, winner.value];
    restart();
  });
  byId('more').addEventListener('click', () => {
    const first = shown;
    shown += pageSize;
    draw();
    const next = byId('queries').children[first];
    next.tabIndex = -1;
    next.focus();
  });
  draw();
})()`;
