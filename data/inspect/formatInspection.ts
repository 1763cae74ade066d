import type { ExamplePassage } from '../example/example.js';
import type { Inspection, TokenLengths } from './inspectExamples.js';
import type { Overlap } from './inspectOverlap.js';
import type { Spread } from './tally.js';

/** An inspection as text for people. @param width  longest line, in characters */
export function formatInspection(inspection: Inspection, width: number): string {
  const { passages, images } = inspection;
  const source = Object.entries(inspection.metadata).map(([name, value]) => row(name, value));
  const lines = [
    `${inspection.path} (Arrow ${inspection.form})`,
    row('rows', `${inspection.rows} in ${inspection.recordBatches} record batches`),
    row('largest batch', `${inspection.rowsOfLargestBatch} rows`),
    row('columns', inspection.columns.map(({ name, type }) => `${name} ${type}`).join(', ')),
    ...source,
    '',
    row('', SPREAD_HEADER),
    row('positives', spread(inspection.positivesPerQuery)),
    row('negatives', spread(inspection.negativesPerQuery)),
    row('query chars', spread(inspection.queryCharacters)),
    row('passage chars', spread(inspection.passageCharacters)),
    ...(images ? [row('image side', spread(images.longerSide)), row('image named', spread(images.timesNamed))] : []),
    ...(images?.tokens ? [row('image tokens', spread(images.tokens))] : []),
    '',
    row('passages', `${passages.all}, ${passages.distinct} different ${images ? 'ones' : 'texts'}`),
    ...(images ? [row('images', `${images.distinct} different ones, named ${images.named} times`)] : []),
    row('repeated', `${inspection.repeatedQueries} query texts, ${inspection.repeatedQueryIds} query ids`),
    ...warnings(inspection),
    ...tokenLines(inspection),
    ...inspection.samples.flatMap((example) => [
      '',
      `query ${example.id}: ${[example.query, ...(example.queryImages ?? []).map(shortImage)].join(' ')}`,
      ...example.positives.slice(0, PASSAGES_SHOWN).map((passage) => `  + ${passageText(passage)}`),
      ...example.negatives.slice(0, PASSAGES_SHOWN).map((passage) => `  - ${passageText(passage)}`),
    ]),
  ];
  return lines.map((line) => cut(line, width)).join('\n');
}

/** What training files and tasks have in common, as text for people. @param width  longest line, in characters */
export function formatOverlaps(overlaps: readonly Overlap[], width: number): string {
  const lines = overlaps.flatMap((one) => [
    row(
      one.task,
      `${one.rowsWithQuery} rows ask one of its ${one.taskQueries} queries, ${one.rowsWithPositive} have one of its ` +
        `${one.taskRelevant} relevant passages as a positive (by ${one.by})`,
    ),
    ...one.firstQueries.map((query) => row('', `  ${query}`)),
    ...(one.images
      ? [
          row('', `  ${one.images.longerSide.count} images among its documents`),
          row('image side', spread(one.images.longerSide)),
          ...(one.images.tokens ? [row('image tokens', spread(one.images.tokens))] : []),
        ]
      : []),
  ]);
  return ['In common with evaluation', ...lines].map((line) => cut(line, width)).join('\n');
}

const NAME_WIDTH = 15;
const NUMBER_WIDTH = 9;
const PASSAGES_SHOWN = 2;
const BAR_WIDTH = 32;

const row = (name: string, value: string) => `  ${name.padEnd(NAME_WIDTH - 1)} ${value}`.trimEnd();

const cells = (values: string[]) => values.map((value) => value.padStart(NUMBER_WIDTH)).join('');

const SPREAD_HEADER = cells(['min', 'mean', 'median', '95 %', '99 %', 'max']);

const spread = ({ min, mean, median, p95, p99, max }: Spread) =>
  cells([`${min}`, mean.toFixed(1), `${median}`, `${p95}`, `${p99}`, `${max}`]);

function warnings({ rowsWithoutNegatives, rowsWithPositiveAsNegative }: Inspection): string[] {
  return [
    ...(rowsWithoutNegatives > 0
      ? [row('to do', `${rowsWithoutNegatives} rows have no negatives; \`npm run data -- mine\` finds some`)]
      : []),
    ...(rowsWithPositiveAsNegative > 0
      ? [row('note', `${rowsWithPositiveAsNegative} rows list a positive among their negatives`)]
      : []),
  ];
}

function tokenLines({ tokens }: Inspection): string[] {
  if (tokens === null) return [];
  return [
    '',
    `Length in tokens, special tokens and prefix included, measured on ${tokens.rowsMeasured} rows`,
    ...histogram('queries', tokens.query),
    ...histogram('passages', tokens.passage),
  ];
}

function histogram(
  name: string,
  { limit, cut: longer, spread: { count, median, max }, histogram: bars }: TokenLengths,
) {
  const most = Math.max(...bars.map(({ texts }) => texts));
  const share = ((100 * longer) / count).toFixed(1);
  return [
    row(name, `median ${median}, longest ${max}; ${longer} of ${count} (${share} %) are longer than ${limit}: cut`),
    ...bars.map(({ from, to, texts }) => {
      const bar = '█'.repeat(Math.ceil((BAR_WIDTH * texts) / most));
      return row('', `${(to === null ? `${from} -` : `${from} - ${to}`).padEnd(11)}${`${texts}`.padStart(8)} ${bar}`);
    }),
  ];
}

const passageText = ({ id, title, text, images = [] }: ExamplePassage) =>
  `${id}  ${title === '' ? '' : `${title} | `}${[text, ...images.map(shortImage)].join(' ')}`;

/** Enough of an image's hash to tell it among others. */
const shortImage = (sha256: string) => `[image ${sha256.slice(0, 8)}]`;

/** One line of at most `width` characters: line breaks become blanks, so that a text cannot break the layout. */
function cut(line: string, width: number): string {
  const characters = [...line.replace(/\p{Cc}+/gu, ' ')];
  return characters.length <= width ? characters.join('') : `${characters.slice(0, width - 1).join('')}…`;
}
