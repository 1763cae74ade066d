import { html, type Html } from '../page/html.js';
import { groupMean, type ComparedModel, type Comparison, type Cost } from '../comparison/comparison.js';
import { key, scrolling } from '../page/formats.js';
import { scatterChart } from '../chart/scatterChart.js';

/** What each model took and what it gives for it; null where nothing was recorded. */
export function costSection(comparison: Comparison, places: ReadonlyMap<string, number>): Html | null {
  const measured = comparison.models.filter(({ cost }) => Object.keys(cost).length > 0);
  if (measured.length === 0) return null;
  const columns = costs.filter(({ of }) => measured.some(({ cost }) => of(cost) !== undefined));
  const quality = new Map(measured.map(({ name }) => [name, groupMean(comparison, name, comparison.tasks)]));
  return html`${chart(measured, quality, comparison, places)}
  ${scrolling(
    'cost',
    html`<table class="dense">
      <caption>
        <span
          >As the runs recorded it, on the machines they ran on. Means where there are several seeds, of the memory the
          most.</span
        >
      </caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col" class="number">Mean quality</th>
          ${columns.map(({ title }) => html`<th scope="col" class="number">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${measured.map(
          ({ name, cost }) =>
            html`<tr>
              <th scope="row">${key(places.get(name)!)}${name}</th>
              <td class="number">${quality.get(name)?.toFixed(4) ?? '–'}</td>
              ${columns.map(({ of }) => html`<td class="number">${of(cost) ?? '–'}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>`,
  )}`;
}

const costs: { title: string; of: (cost: Cost) => string | undefined }[] = [
  { title: 'Training', of: ({ trainingSeconds }) => optional(trainingSeconds, duration) },
  { title: 'Tokens/s', of: ({ tokensPerSecond }) => optional(tokensPerSecond, whole) },
  {
    title: 'Peak memory',
    of: ({ peakMegabytes }) => optional(peakMegabytes, (mega) => `${(mega / 1000).toFixed(1)} GB`),
  },
  { title: 'Texts encoded and searched/s', of: ({ textsPerSecond }) => optional(textsPerSecond, whole) },
];

function chart(
  models: readonly ComparedModel[],
  quality: ReadonlyMap<string, number | null>,
  { tasks }: Comparison,
  places: ReadonlyMap<string, number>,
): Html | null {
  const longest = Math.max(...models.map(({ cost }) => cost.trainingSeconds ?? 0));
  const [unit, seconds] = longest >= 7200 ? (['hours', 3600] as const) : (['minutes', 60] as const);
  const points = models.flatMap(({ name, cost: { trainingSeconds } }) => {
    const y = quality.get(name);
    return trainingSeconds === undefined || y === null || y === undefined
      ? []
      : [{ name, x: trainingSeconds / seconds, y, place: places.get(name)! }];
  });
  if (points.length < 2) return null;
  const told = points.map(({ name, x, y }) => `${name} ${y.toFixed(4)} after ${x.toFixed(1)} ${unit}`).join(', ');
  const what = tasks.length === 1 ? tasks[0]!.name : `mean over ${tasks.length} tasks`;
  return html`<figure>
    <figcaption>Quality against training time</figcaption>
    ${scatterChart('quality', `Quality against training time: ${told}`, [`${unit} of training`, what], points)}
  </figure>`;
}

const duration = (seconds: number) =>
  seconds < 120
    ? `${Math.round(seconds)} s`
    : seconds < 7200
      ? `${(seconds / 60).toFixed(1)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

const whole = (value: number) => Math.round(value).toLocaleString('en-US');

const optional = (value: number | undefined, write: (value: number) => string) =>
  value === undefined ? undefined : write(value);
