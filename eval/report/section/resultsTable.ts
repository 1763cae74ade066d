import { isShown } from '../../statistics/differences.js';
import { html, type Html } from '../page/html.js';
import {
  settings,
  groupMean,
  rowOf,
  type ComparedModel,
  type ComparedTask,
  type Comparison,
} from '../comparison/comparison.js';
import { key, scrolling } from '../page/formats.js';
import { taskGroups } from '../comparison/taskGroups.js';

/** A column of a result table: one metric of one task. */
interface Column {
  task: string;
  metric: string;
  /** Models are compared by it. */
  isFirst: boolean;
}

/** As many as fit on a page of 1,200 pixels, and on paper. */
const mostColumns = 9;

/**
 * The results in the form of the study: a row for each model, the models set apart by how they came to be, a column
 * for each task and the mean over the tasks; a table for each group of tasks.
 * @param places  which series colour each model has
 */
export function resultsTables(comparison: Comparison, places: ReadonlyMap<string, number>): Html[] {
  return taskGroups.flatMap((group) => {
    const tasks = comparison.tasks.filter((task) => task.group === group);
    if (tasks.length === 0) return [];
    const columns = columnsOf(tasks);
    const parts = Math.ceil(columns.length / mostColumns);
    const size = Math.ceil(columns.length / parts);
    return Array.from({ length: parts }, (_, part) => {
      const id = `table-${taskGroups.indexOf(group)}-${part}`;
      const title = parts === 1 ? group : `${group}, part ${part + 1} of ${parts}`;
      const isLast = part === parts - 1;
      const mean = isLast && tasks.length > 1 ? tasks : [];
      return html`<h3 id="${id}">${title}</h3>
        ${scrolling(id, table(comparison, columns.slice(part * size, (part + 1) * size), mean, title, places))}`;
    });
  });
}

/** Means over whole sets, such as the fourteen of BEIR with CQADupStack counted once; null where there are none. */
export function averagesTable({ averages, models }: Comparison, places: ReadonlyMap<string, number>): Html | null {
  const sets = [...new Set(averages.map(({ task }) => task))];
  const valueOf = (model: string, set: string) =>
    Object.entries(averages.find(({ task, model: name }) => task === set && name === model)?.metrics ?? {})[0];
  const having = models.filter(({ name }) => sets.some((set) => valueOf(name, set)));
  if (sets.length === 0 || having.length === 0) return null;
  const best = sets.map((set) => bestOf(having.map(({ name }) => valueOf(name, set)?.[1])));
  return html`<h3 id="sets">Means over sets</h3>
    ${scrolling(
      'sets',
      html`<table class="results">
        <caption>
          <span>The first metric of each task; every member of a set counts once, whatever its number of queries.</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            ${sets.map((set) => html`<th scope="col" class="number">${set}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${having.map(
            ({ name }) =>
              html`<tr>
                <th scope="row">${key(places.get(name)!)}${name}</th>
                ${sets.map((set, index) => meanCell(valueOf(name, set)?.[1] ?? null, best[index]))}
              </tr>`,
          )}
        </tbody>
      </table>`,
    )}`;
}

/** Few tasks are shown with all their metrics, many with the first. */
function columnsOf(tasks: readonly ComparedTask[]): Column[] {
  return tasks.flatMap(({ name, metrics }) =>
    metrics
      .slice(0, tasks.length <= 3 ? undefined : 1)
      .map((metric, index) => ({ task: name, metric, isFirst: index === 0 })),
  );
}

function table(
  comparison: Comparison,
  columns: readonly Column[],
  mean: ComparedTask[],
  title: string,
  places: ReadonlyMap<string, number>,
): Html {
  const tasks = [...new Set(columns.map(({ task }) => task))];
  const shared = new Set(columns.map(({ metric }) => metric)).size === 1 ? columns[0]!.metric : undefined;
  const having = comparison.models.filter(({ name }) => columns.some(({ task }) => rowOf(comparison, name, task)));
  // The best is the best of ours: published figures may rest on other settings.
  const scored = having.filter(({ setting }) => setting !== 'Published by others');
  const best = columns.map(({ task, metric }) =>
    bestOf(scored.map(({ name }) => rowOf(comparison, name, task)?.metrics[metric])),
  );
  const means = new Map(having.map(({ name }) => [name, mean.length > 0 ? groupMean(comparison, name, mean) : null]));
  const bestMean = bestOf(scored.map(({ name }) => means.get(name) ?? undefined));
  const present = settings.filter((setting) => having.some((model) => model.setting === setting));
  return html`<table class="results${columns.length > 7 ? ' wide' : ''}">
    <caption>
      <span>${title}: ${shared === undefined ? 'means' : `mean ${shared}`} over all judged queries.</span>
    </caption>
    <thead>
      <tr>
        <th scope="col" rowspan="${shared === undefined ? 2 : 1}">Model</th>
        ${tasks.map((task) => {
          const span = columns.filter((column) => column.task === task).length;
          const short = title.startsWith('C') ? task.replace(/^[^/]+\//, '') : task; // cqadupstack/android, codesearchnet/go
          return span === 1
            ? html`<th scope="col" class="number">${short}</th>`
            : html`<th scope="colgroup" colspan="${span}" class="number">${short}</th>`;
        })}
        ${mean.length > 0 ? html`<th scope="col" rowspan="${shared === undefined ? 2 : 1}" class="number mean">Mean of ${mean.length}</th>` : null}
      </tr>
      ${
        shared !== undefined
          ? null
          : html`<tr>
              ${columns.map(({ metric }) => html`<th scope="col" class="number">${metric}</th>`)}
            </tr>`
      }
    </thead>
    ${present.map(
      (setting) =>
        html`<tbody>
          <tr class="setting">
            <th scope="rowgroup" colspan="${1 + columns.length + (mean.length > 0 ? 1 : 0)}">${setting}</th>
          </tr>
          ${having
            .filter((model) => model.setting === setting)
            .map(
              (model) =>
                html`<tr>
                  <th scope="row">${key(places.get(model.name)!)}${model.name}${markOfBaseline(comparison, model)}</th>
                  ${columns.map((column, index) => cell(comparison, model.name, column, best[index]))}
                  ${mean.length > 0 ? meanCell(means.get(model.name)!, bestMean) : null}
                </tr>`,
            )}
        </tbody>`,
    )}
  </table>`;
}

const markOfBaseline = ({ baseline, differences }: Comparison, { name }: ComparedModel): Html | null =>
  name === baseline && differences.length > 0 ? html` <span class="tag">baseline</span>` : null;

function cell(
  comparison: Comparison,
  model: string,
  { task, metric, isFirst }: Column,
  best: number | undefined,
): Html {
  const row = rowOf(comparison, model, task);
  const value = row?.metrics[metric];
  if (value === undefined) return html`<td class="number">–</td>`;
  const found = isFirst ? comparison.differences.find((each) => each.model === model && each.task === task) : undefined;
  const isSure = found !== undefined && isShown(found);
  const spread = row?.spread?.[metric];
  const seeds = comparison.models.find(({ name }) => name === model)!.runs.length;
  return html`<td class="number">
    ${value === best ? html`<strong>${value.toFixed(4)}</strong>` : value.toFixed(4)}${
      isSure
        ? html`<span class="${found.difference > 0 ? 'better' : 'worse'}" aria-hidden="true"
              >${found.difference > 0 ? '▲' : '▼'}</span
            ><span class="hidden"
              >, ${found.difference > 0 ? 'better' : 'worse'} than ${comparison.baseline} beyond chance</span
            >`
        : null
    }${spread === undefined ? null : html`<span class="spread">± ${spread.toFixed(4)}</span>`}${
      row?.runs === undefined || row.runs >= seeds
        ? null
        : html`<span class="spread">${row.runs} of ${seeds} seeds</span>`
    }
  </td>`;
}

const meanCell = (value: number | null, best: number | undefined): Html =>
  html`<td class="number mean">
    ${value === null ? '–' : value === best ? html`<strong>${value.toFixed(4)}</strong>` : value.toFixed(4)}
  </td>`;

/** The largest of several; nothing is best alone. */
function bestOf(values: readonly (number | undefined)[]): number | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length < 2 ? undefined : Math.max(...present);
}
