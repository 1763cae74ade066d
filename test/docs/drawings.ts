import { arrow, box, label, svg } from './svg.js';

/** The scores of a pool: which passages each query is set against. */
export function poolPicture({ queries = 4, passagesPerQuery = 4 } = {}): string {
  const [cell, gap, left, top] = [22, 10, 92, 62];
  const columns = Array.from({ length: queries * passagesPerQuery }, (_, passage) => ({
    owner: Math.floor(passage / passagesPerQuery),
    isPositive: passage % passagesPerQuery === 0,
    x: left + passage * (cell + 2) + Math.floor(passage / passagesPerQuery) * gap,
  }));
  const right = columns.at(-1)!.x + cell;
  const bottom = top + queries * (cell + 4);
  const legend: [kind: string, text: string][] = [
    ['positive', 'its positive: what it must pick'],
    ['hard', 'its own hard negatives'],
    ['negative', 'in-batch negatives: passages of the other queries'],
  ];
  const kindOf = (query: number, { owner, isPositive }: (typeof columns)[number]) =>
    owner !== query ? 'negative' : isPositive ? 'positive' : 'hard';
  const title = `A pool of ${queries} queries and ${columns.length} passages: each query is set against all of them`;
  return svg(right + 20, bottom + 20 + 22 * legend.length, title, [
    label(`passages, ${passagesPerQuery} to a query`, (left + right) / 2, 24, { anchor: 'middle' }),
    ...Array.from({ length: queries }, (_, query) => {
      const own = columns.filter(({ owner }) => owner === query);
      const middle = (own[0]!.x + own.at(-1)!.x + cell) / 2;
      return label(`of query ${query + 1}`, middle, top - 10, { anchor: 'middle', faint: true });
    }),
    ...Array.from({ length: queries }, (_, query) => {
      const y = top + query * (cell + 4);
      return [
        label(`query ${query + 1}`, left - 12, y + 16, { anchor: 'end' }),
        ...columns.map((column) => box(kindOf(query, column), column.x, y, cell, cell)),
      ].join('\n');
    }),
    ...legend.flatMap(([kind, text], row) => {
      const y = bottom + 12 + 22 * row;
      return [box(kind, left, y, 14, 14), label(text, left + 24, y + 12)];
    }),
  ]);
}

/** The three steps of a pool by the gradient cache. */
export function gradientCachePicture({ chunks = 4 } = {}): string {
  const [width, height, gap, left] = [104, 34, 16, 160];
  const right = left + chunks * (width + gap) - gap;
  const rows = { texts: 20, first: 78, embeddings: 136, loss: 206, gradients: 276, second: 334, sum: 404 };
  const each = (y: number, kind: string, text: (chunk: number) => string) =>
    Array.from({ length: chunks }, (_, chunk) => {
      const x = left + chunk * (width + gap);
      return [box(kind, x, y, width, height), label(text(chunk), x + width / 2, y + 22, { anchor: 'middle' })].join(
        '\n',
      );
    });
  const downward = (from: number, to: number) =>
    Array.from({ length: chunks }, (_, chunk) => {
      const x = left + chunk * (width + gap) + width / 2;
      return arrow(x, from + height + 2, x, to - 4);
    });
  const wide = (y: number, kind: string, text: string) => [
    box(kind, left, y, right - left, height),
    label(text, (left + right) / 2, y + 22, { anchor: 'middle' }),
  ];
  const told = (y: number, lines: readonly string[]) =>
    lines.map((line, index) => label(line, left - 16, y + 15 + 16 * index, { anchor: 'end', faint: index > 0 }));
  return svg(right + 20, rows.sum + height + 20, 'The gradient cache: three steps, and one chunk in memory at a time', [
    ...told(rows.texts, ['texts of a pool', 'in chunks']),
    ...each(rows.texts, 'step', (chunk) => `chunk ${chunk + 1}`),
    ...downward(rows.texts, rows.first),
    ...told(rows.first, ['1. first pass', 'nothing is kept']),
    ...each(rows.first, 'cost', () => 'layers'),
    ...downward(rows.first, rows.embeddings),
    ...told(rows.embeddings, ['embeddings', 'small, all kept']),
    ...each(rows.embeddings, 'step', () => 'embeddings'),
    ...downward(rows.embeddings, rows.loss),
    ...told(rows.loss, ['2. the loss', 'over the whole pool']),
    ...wide(rows.loss, 'cost', 'every query against every passage'),
    ...downward(rows.loss, rows.gradients),
    ...told(rows.gradients, ['gradients', 'of the embeddings']),
    ...each(rows.gradients, 'step', () => 'gradients'),
    ...downward(rows.gradients, rows.second),
    ...told(rows.second, ['3. second pass', 'one chunk at a time']),
    ...each(rows.second, 'cost', () => 'layers, back'),
    ...downward(rows.second, rows.sum),
    ...told(rows.sum, ['adapter', 'as of one large batch']),
    ...wide(rows.sum, 'step', 'gradients of all chunks, added up'),
  ]);
}
