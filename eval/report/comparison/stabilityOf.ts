import { kendallTau } from '../../statistics/kendallTau.js';
import { rankShares } from '../../statistics/rankShares.js';
import { rowOf, type ComparedRow, type ComparedTask, type Stability } from './comparison.js';

/**
 * How alike the tasks rank the models, and how firm the ranking by their mean is. Over the tasks that all of the models
 * have values of single queries for; null with fewer than two models or no such task.
 */
export function stabilityOf(
  rows: ComparedRow[],
  models: readonly string[],
  tasks: readonly ComparedTask[],
): Stability | null {
  const common = tasks.flatMap((task) => valuesOf(rows, models, task) ?? []);
  if (models.length < 2 || common.length === 0) return null;
  const means = common.map(({ values }) => values.map((each) => each.reduce((sum, value) => sum + value, 0)));
  return {
    models: [...models],
    tasks: common.map(({ name }) => name),
    taus: means.map((one) => means.map((other) => kendallTau(one, other))),
    ranks: rankShares(
      common.map(({ values }) => values),
      0,
    ),
  };
}

/** The values of each model over the queries that all of them have, in the same order. */
function valuesOf(rows: ComparedRow[], models: readonly string[], { name, metrics }: ComparedTask) {
  const own = models.map((model) => rowOf({ rows }, model, name)?.perQuery);
  if (own.some((perQuery) => perQuery === undefined)) return undefined;
  const metric = metrics[0]!;
  const queries = [...own[0]!.keys()].filter((query) =>
    own.every((perQuery) => perQuery!.get(query)?.[metric] !== undefined),
  );
  if (queries.length === 0) return undefined;
  return { name, values: own.map((perQuery) => Float64Array.from(queries, (query) => perQuery!.get(query)![metric]!)) };
}
