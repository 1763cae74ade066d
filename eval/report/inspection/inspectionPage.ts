import type { Example } from '../../../data/example/example.js';
import type { PicturedImage } from '../../../data/inspect/contactSheet.js';
import type { Inspection, TokenLengths } from '../../../data/inspect/inspectExamples.js';
import type { Overlap } from '../../../data/inspect/inspectOverlap.js';
import type { Spread } from '../../../data/inspect/tally.js';
import { html, type Html } from '../page/html.js';
import { drawChart, faint, fontSize, ink, line, seriesColour } from '../chart/chart.js';
import { pageShell } from '../page/pageShell.js';

/**
 * What is in training files, as one HTML file that needs nothing else.
 * @param sheets  images of each file
 */
export function inspectionPage(
  inspections: readonly Inspection[],
  overlaps: readonly Overlap[],
  sheets: readonly (readonly PicturedImage[])[] = [],
): string {
  const rows = inspections.reduce((sum, inspection) => sum + inspection.rows, 0);
  return pageShell({
    title: inspections.length === 1 ? inspections[0]!.path : `${inspections.length} training files`,
    header: [html`<p class="lead">${rows} rows of training data.</p>`],
    sections: [
      ...inspections.map((inspection, index) => ({
        id: `file-${index}`,
        heading: inspection.path,
        content: fileContent(inspection, `f${index}`, sheets[index] ?? []),
      })),
      ...(overlaps.length > 0
        ? [{ id: 'overlap', heading: 'In common with evaluation', content: overlapTable(overlaps) }]
        : []),
    ],
  });
}

function fileContent(inspection: Inspection, id: string, sheet: readonly PicturedImage[]): Html {
  const { tokens, passages, samples, images } = inspection;
  return html`
    ${table(
      ['', 'value'],
      [
        ['rows', `${inspection.rows} in ${inspection.recordBatches} record batches`],
        ['columns', inspection.columns.map(({ name, type }) => `${name} ${type}`).join(', ')],
        ['passages', `${passages.all}, ${passages.distinct} different ${images ? 'ones' : 'texts'}`],
        ...(images ? [['images', `${images.distinct} different ones, named ${images.named} times`]] : []),
        ['repeated', `${inspection.repeatedQueries} query texts, ${inspection.repeatedQueryIds} query ids`],
        ['rows without negatives', `${inspection.rowsWithoutNegatives}`],
        ['rows with a positive among the negatives', `${inspection.rowsWithPositiveAsNegative}`],
        ...Object.entries(inspection.metadata),
      ],
    )}
    ${table(
      ['', 'min', 'mean', 'median', '95 %', '99 %', 'max'],
      [
        spreadRow('positives a query', inspection.positivesPerQuery),
        spreadRow('negatives a query', inspection.negativesPerQuery),
        spreadRow('characters of a query', inspection.queryCharacters),
        spreadRow('characters of a passage', inspection.passageCharacters),
        ...(images
          ? [
              spreadRow('longer side of an image, in pixels', images.longerSide),
              spreadRow('times that an image is named', images.timesNamed),
            ]
          : []),
        ...(images?.tokens ? [spreadRow('tokens of an image', images.tokens)] : []),
      ],
    )}
    ${tokens === null ? null : tokenContent(tokens, id)}
    ${sheet.length === 0 || !images ? null : imageSheet(sheet, images.distinct)}
    ${samples.length === 0 ? null : html`<h3>First rows</h3>`} ${samples.map(sample)}
  `;
}

function imageSheet(sheet: readonly PicturedImage[], all: number): Html {
  return html`<h3>Images</h3>
    <p>${sheet.length} of ${all}, evenly spread over the file.</p>
    <div class="sheet">${sheet.map(sheetImage)}</div>`;
}

function sheetImage({ picture, sha256, format, width, height, tokens, times, as, query }: PicturedImage): Html {
  const roles = { query: 'stands with the query', positive: 'answers', negative: 'does not answer' };
  const told = `${width} x ${height} ${format}${tokens === undefined ? '' : `, ${tokens} tokens`}, named ${times} ${times === 1 ? 'time' : 'times'}`;
  const alt = `image ${sha256.slice(0, 8)}, ${roles[as]}${query === '' ? '' : `: ${shortened(query)}`}`;
  return html`<figure>
    ${
      picture
        ? html`<img
            class="thumbnail"
            alt="${alt}"
            src="${picture.source}"
            width="${picture.width}"
            height="${picture.height}"
          />`
        : html`<p class="note">[${alt}]</p>`
    }
    <figcaption class="note">${told}; ${roles[as]} ${query === '' ? '' : `“${shortened(query)}”`}</figcaption>
  </figure>`;
}

const longestQuery = 100;
const shortened = (query: string) =>
  query.length <= longestQuery ? query : `${query.slice(0, longestQuery).replace(/[\ud800-\udbff]$/, '')}…`;

function tokenContent(tokens: NonNullable<Inspection['tokens']>, id: string): Html {
  return html`
    <h3>Lengths in tokens</h3>
    <p>Special tokens and prefix included, before anything is cut; measured on ${tokens.rowsMeasured} rows.</p>
    ${lengths('queries', tokens.query, `${id}-query`)} ${lengths('passages', tokens.passage, `${id}-passage`)}
  `;
}

function lengths(name: string, { limit, cut, spread, histogram }: TokenLengths, id: string): Html {
  const share = ((100 * cut) / spread.count).toFixed(1);
  const told = `${cut} of ${spread.count} ${name} (${share} %) are longer than ${limit} tokens and are cut`;
  return html`<figure>
    ${drawChart(id, `Histogram of the lengths of ${name} in tokens: ${told}`, 210, {
      grid: { left: 56, right: 10, top: 14, bottom: 46 },
      xAxis: {
        type: 'category',
        name: 'tokens',
        nameLocation: 'middle',
        nameGap: 30,
        nameTextStyle: { color: faint, fontSize },
        data: histogram.map(({ from, to }) => (to === null ? `${from}+` : `${to}`)),
        axisLabel: { color: faint, fontSize },
        axisLine: { lineStyle: { color: line } },
      },
      yAxis: { type: 'value', axisLabel: { color: faint, fontSize }, splitLine: { lineStyle: { color: line } } },
      series: [
        {
          type: 'bar',
          silent: true,
          barCategoryGap: '8%',
          data: histogram.map(({ from, texts }) => ({
            value: texts,
            itemStyle: { color: from > limit ? ink : seriesColour(0) },
          })),
        },
      ],
    })}
    <figcaption>${told}; the darker bars.</figcaption>
  </figure>`;
}

function overlapTable(overlaps: readonly Overlap[]): Html {
  return table(
    ['task', 'its queries', 'rows that ask one', 'its relevant passages', 'rows with one as positive', 'by'],
    overlaps.map((one) => [
      one.task,
      `${one.taskQueries}`,
      `${one.rowsWithQuery}`,
      `${one.taskRelevant}`,
      `${one.rowsWithPositive}`,
      one.by,
    ]),
  );
}

function sample({ id, query, queryImages, positives, negatives }: Example): Html {
  const passage = (mark: string) => (found: Example['positives'][number]) =>
    html`<li>
      ${mark} ${found.id} ${found.title === '' ? '' : `${found.title} | `}${found.text}${shownImages(found.images)}
    </li>`;
  return html`<p>query ${id}: ${query}${shownImages(queryImages)}</p>
    <ul>
      ${positives.slice(0, passagesShown).map(passage('+'))} ${negatives.slice(0, passagesShown).map(passage('-'))}
    </ul>`;
}

const shownImages = (images: readonly string[] = []) =>
  images.map((sha256) => ` [image ${sha256.slice(0, 8)}]`).join('');

const passagesShown = 2;

const spreadRow = (name: string, { min, mean, median, p95, p99, max }: Spread) => [
  name,
  `${min}`,
  mean.toFixed(1),
  `${median}`,
  `${p95}`,
  `${p99}`,
  `${max}`,
];

const table = (head: string[], rows: string[][]) =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="table">
    <table>
      <thead>
        <tr>
          ${head.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, ...cells]) =>
            html`<tr>
              <th scope="row">${name!}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
