import { join } from 'node:path';
import { stageFile, writeTogether } from '../../../data/files/writeBeside.js';
import { html, type Html } from '../../../eval/report/page/html.js';
import { lineChart } from '../../../eval/report/chart/lineChart.js';
import { pageShell } from '../../../eval/report/page/pageShell.js';
import type { Result } from './result.js';
import { table } from './table.js';

/** All that a run of the benchmark found. */
export interface BenchReport {
  /** Stated at the top: machine, versions, command line. */
  facts: [label: string, value: string][];
  results: Result[];
}

/** The tables, for a terminal. */
export const reportText = ({ results }: BenchReport) =>
  results.map(({ title, about, header, rows }) => `${title}\n${about}\n\n${table(header, rows)}\n`).join('\n');

/** The numbers, for other programs. */
export const reportValues = ({ facts, results }: BenchReport) => ({
  ...Object.fromEntries(facts),
  results: Object.fromEntries(results.map(({ name, about, values }) => [name, { about, values }])),
});

/** Write bench.html, one file with tables and curves, and bench.json into a folder. @returns the page */
export async function writeReport(folder: string, report: BenchReport): Promise<string> {
  const page = join(folder, 'bench.html');
  await writeTogether([
    () => stageFile(page, reportPage(report)),
    () => stageFile(join(folder, 'bench.json'), `${JSON.stringify(reportValues(report), null, 2)}\n`),
  ]);
  return page;
}

function reportPage({ facts, results }: BenchReport): string {
  const header = html`<dl class="facts">
    ${facts.map(
      ([label, value]) =>
        html`<div>
          <dt>${label}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
  const sections = results.map((result) => ({ id: result.name, heading: result.title, content: section(result) }));
  return pageShell({ title: 'Speed and memory of tercet', header: [header], sections });
}

function section({ name, title, about, header, rows, curve }: Result): Html {
  const className = (place: number) => (place > 0 ? 'number' : '');
  return html`<p>${about}</p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="${name}">
      <table class="dense">
        <thead>
          <tr>
            ${header.map((cell, place) => html`<th scope="col" class="${className(place)}">${cell}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (cells) =>
              html`<tr>
                ${cells.map((cell, place) =>
                  place > 0 ? html`<td class="number">${cell}</td>` : html`<th scope="row">${cell}</th>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${curve ? chart(name, title, curve) : null}`;
}

function chart(name: string, title: string, { x, y, lines }: NonNullable<Result['curve']>): Html {
  const ends = lines.map(
    ({ name, points }) => `${name} ${points[0]![1].toFixed(0)} to ${points.at(-1)![1].toFixed(0)}`,
  );
  return html`<figure>
    <figcaption>${y} by ${x}</figcaption>
    ${lineChart(
      `chart-${name}`,
      `${title}: ${y} by ${x}: ${ends.join(', ')}`,
      x,
      lines.map(({ name, points }, place) => ({ name, place: place + 1, points })),
      'from zero', // speeds that differ by little must look so
    )}
  </figure>`;
}
