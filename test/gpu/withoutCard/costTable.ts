import type { FunctionCost } from './cardCosts.js';

type Column = [title: string, of: (cost: FunctionCost) => number, digits: number];

const columns: Column[] = [
  ['calls', ({ calls }) => calls, 0],
  ['kernels', ({ kernels }) => kernels, 0],
  ['moved MB', ({ movedBytes }) => movedBytes / 1e6, 0],
  ['temporary MB', ({ temporaryBytes }) => temporaryBytes / 1e6, 0],
  ['products ms', ({ productsMs }) => productsMs, 2],
  ['the rest ms', ({ restMs }) => restMs, 2],
  ['compiled in s', ({ compileSeconds }) => compileSeconds, 1],
];
/** What changes from one time to the next without a change of the code. */
const unsteady = 'compiled in s';

/**
 * Costs in aligned columns: a line for each function, of all calls in a layer, and their sums.
 * @param before  costs of an earlier state of the code; what has changed is told behind each number
 */
export function costTable(costs: readonly FunctionCost[], before: readonly FunctionCost[] = []): string {
  const earlier = withSums(before);
  const rows = withSums(costs).map((cost) => {
    const old = earlier.find(({ label }) => label === cost.label);
    const isNew = before.length > 0 && !old;
    return [isNew ? `${cost.label} (new)` : cost.label, ...columns.map((column) => cell(column, cost, old))];
  });
  const gone = before.filter(({ label }) => !costs.some((cost) => cost.label === label));
  const all = [
    ['function', ...columns.map(([title]) => title)],
    ...rows,
    ...gone.map(({ label }) => [`${label} (gone)`, ...columns.map(() => '')]),
  ];
  const widths = all[0]!.map((_, place) => Math.max(...all.map((row) => row[place]!.length)));
  return all
    .map((row) =>
      row.map((text, place) => (place ? text.padStart(widths[place]!) : text.padEnd(widths[0]!))).join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n');
}

function cell([title, of, digits]: Column, cost: FunctionCost, old: FunctionCost | undefined): string {
  const now = of(cost).toFixed(digits);
  if (!old || title === unsteady || of(old).toFixed(digits) === now) return now;
  const more = of(cost) - of(old);
  return `${now} (${more > 0 ? '+' : ''}${more.toFixed(digits)})`;
}

/** Each function with all of its calls, and the sums of both ways and of the layer; temporaries are the most that any call takes. */
function withSums(costs: readonly FunctionCost[]): FunctionCost[] {
  if (costs.length === 0) return [];
  const all = costs.map((cost) => ({
    ...cost,
    kernels: cost.kernels * cost.calls,
    movedBytes: cost.movedBytes * cost.calls,
    productsMs: cost.productsMs * cost.calls,
    restMs: cost.restMs * cost.calls,
  }));
  const sumOf = (label: string, some: FunctionCost[]): FunctionCost => {
    const sum = (of: (cost: FunctionCost) => number) => some.reduce((total, cost) => total + of(cost), 0);
    return {
      ...{ label, way: 'forward', calls: sum(({ calls }) => calls), kernels: sum(({ kernels }) => kernels) },
      movedBytes: sum(({ movedBytes }) => movedBytes),
      temporaryBytes: Math.max(...some.map(({ temporaryBytes }) => temporaryBytes)),
      productsMs: sum(({ productsMs }) => productsMs),
      restMs: sum(({ restMs }) => restMs),
      compileSeconds: sum(({ compileSeconds }) => compileSeconds),
    };
  };
  const way = (wanted: FunctionCost['way']) => all.filter(({ way }) => way === wanted);
  return [...all, sumOf('forward', way('forward')), sumOf('backward', way('backward')), sumOf('layer', all)];
}
